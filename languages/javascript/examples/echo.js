const { createInterface } = require("node:readline");

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => console.log(line));
lines.on("close", () => console.log("end of input"));
