import{b as r}from"../chunks/6N4UMVTC.js";import{G as e,o as a}from"../chunks/MPIWAMJX.js";import"../chunks/XC6CAIPP.js";var m=()=>new a(e.define(r));export{m as default};
