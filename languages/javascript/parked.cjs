// Loaded first where Node starts before there is a program: the script is a FIFO until then, and a regular file when whoever
// writes the FIFO is done. What every program that prints to a pipe needs is loaded meanwhile.
const { readFileSync, statSync } = require("node:fs");
const { isMainThread } = require("node:worker_threads");

if (isMainThread && statSync(process.argv[1], { throwIfNoEntry: false })?.isFIFO()) {
  require("node:net");
  readFileSync(process.argv[1]);
}
// A plain start knows nothing of this file.
const option = process.execArgv.indexOf(`--require=${__filename}`);
if (option >= 0) process.execArgv.splice(option, 1);
delete require.cache[__filename];
