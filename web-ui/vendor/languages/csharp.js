import{a}from"../shared/S3BLL6SC.js";import{G as r,o as e}from"../shared/WL6PNKK2.js";import"../shared/P4C2FN4C.js";var t=()=>new e(r.define(a));export{t as default};
