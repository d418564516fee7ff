const { readFileSync } = require("node:fs");
const line = readFileSync(0, "utf8").trimEnd();
console.log([...line].reverse().join(""));
