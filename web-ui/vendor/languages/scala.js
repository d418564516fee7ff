import{b as r}from"../shared/S3BLL6SC.js";import{G as e,o as a}from"../shared/WL6PNKK2.js";import"../shared/P4C2FN4C.js";var m=()=>new a(e.define(r));export{m as default};
