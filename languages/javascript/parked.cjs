// Loaded first where Node starts before there is a program: the script is a FIFO until then, and a regular file when whoever
// writes the FIFO is done. What every program that prints to a pipe needs is loaded and made meanwhile.
const { readFileSync, statSync } = require("node:fs");
const { isMainThread } = require("node:worker_threads");

// Node frees all of its memory, piece by piece, when a program is through. Process.exit leaves that to the kernel; so does
// this, where nothing but that is left to be done.
function leaveQuickly() {
  const { emit, reallyExit } = process;
  const value = function (name, code) {
    const result = Reflect.apply(emit, this, arguments);
    if (this === process && name === "exit" && !code && !process.exitCode) reallyExit.call(process, 0);
    return result;
  };
  Object.defineProperty(process, "emit", { value, configurable: true, enumerable: false, writable: true });
}

if (isMainThread && statSync(process.argv[1], { throwIfNoEntry: false })?.isFIFO()) {
  require("./blocking-output.cjs");
  void process.stdout;
  void process.stderr;
  leaveQuickly();
  readFileSync(process.argv[1]);
}
// A plain start knows nothing of this file.
const option = process.execArgv.indexOf(`--require=${__filename}`);
if (option >= 0) process.execArgv.splice(option, 1);
delete require.cache[__filename];
