// Usage: node strip-comments.mjs FOLDER
// Takes the comments out of all type declarations: half of what the compiler reads at each start is documentation.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Strings are matched too, so that no comment is seen inside them. `/// <reference …/>` is an instruction and stays.
const token = /\/\/\/ *<.*|\/\/.*|\/\*[^]*?\*\/|(["'`])(?:\\.|(?!\1)[^\\])*\1/g;
const isComment = (text) => text.startsWith("/") && !text.startsWith("///");

const folder = process.argv[2];
for (const name of readdirSync(folder, { recursive: true })) {
  if (!name.endsWith(".d.ts")) continue;
  const path = join(folder, name);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(token, (part) => (isComment(part) ? " " : part)).replace(/\s*\n\s*/g, "\n"));
}
