import { createInterface } from "node:readline/promises";

// Types are checked before the program starts.
function greeting(name: string): string {
  return `Hello, ${name}!`;
}

const terminal = createInterface({ input: process.stdin, output: process.stdout });
const name = await terminal.question("Your name? ");
terminal.close();

console.log(greeting(name));
