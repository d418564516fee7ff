import{c as r}from"../shared/S3BLL6SC.js";import{G as o,o as e}from"../shared/WL6PNKK2.js";import"../shared/P4C2FN4C.js";var m=()=>new e(o.define(r));export{m as default};
