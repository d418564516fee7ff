import{d as a}from"../chunks/6N4UMVTC.js";import{G as r,o as e}from"../chunks/MPIWAMJX.js";import"../chunks/XC6CAIPP.js";var m=()=>new e(r.define(a));export{m as default};
