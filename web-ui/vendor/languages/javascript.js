import{e as r}from"../shared/E6JZGIWC.js";import"../shared/J2TDDK5J.js";import"../shared/AN66WOLP.js";import"../shared/WL6PNKK2.js";import"../shared/P4C2FN4C.js";var a=()=>r();export{a as default};
