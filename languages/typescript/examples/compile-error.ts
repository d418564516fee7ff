const answer: number = 42;
const text: string = answer;
console.log(text);
