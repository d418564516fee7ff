const first = 1;
const second = ;
console.log(first + second);
