// A question and an answer. Output appears as soon as it is written,
// so the prompt is on the screen before the program waits.
import { createInterface } from "node:readline/promises";

const terminal = createInterface({ input: process.stdin, output: process.stdout });
const name = await terminal.question("Your name? ");
terminal.close();

console.log(`Hello, ${name}!`);
