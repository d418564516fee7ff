import{d as a}from"../shared/S3BLL6SC.js";import{G as r,o as e}from"../shared/WL6PNKK2.js";import"../shared/P4C2FN4C.js";var m=()=>new e(r.define(a));export{m as default};
