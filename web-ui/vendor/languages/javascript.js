import{e as r}from"../chunks/5D6EVTUY.js";import"../chunks/6FBQDGGL.js";import"../chunks/V6JPRTTX.js";import"../chunks/MPIWAMJX.js";import"../chunks/XC6CAIPP.js";var a=()=>r();export{a as default};
