import{c as r}from"../chunks/6N4UMVTC.js";import{G as o,o as e}from"../chunks/MPIWAMJX.js";import"../chunks/XC6CAIPP.js";var m=()=>new e(o.define(r));export{m as default};
