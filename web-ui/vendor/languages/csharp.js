import{a}from"../chunks/6N4UMVTC.js";import{G as r,o as e}from"../chunks/MPIWAMJX.js";import"../chunks/XC6CAIPP.js";var t=()=>new e(r.define(a));export{t as default};
