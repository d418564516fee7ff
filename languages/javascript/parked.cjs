// Loaded in place of blocking-output.cjs where Node starts before there is a program: the script is a FIFO until then, and a
// regular file when whoever writes the FIFO is done. What every program that prints to a pipe needs is made meanwhile.
const { readFileSync, statSync } = require("node:fs");
const { isMainThread } = require("node:worker_threads");
const plain = require.resolve("./blocking-output.cjs");

// Node frees all of its memory, piece by piece, when a program is through. Process.exit leaves that to the kernel; so does
// this, where nothing but that is left to be done. Its listener must be the last one: so it comes when Node looks up how to
// tell the others.
function leaveQuickly() {
  const { emit, reallyExit } = process;
  const leave = (code) => {
    if (!code && !process.exitCode) reallyExit.call(process, 0);
  };
  Object.defineProperty(process, "emit", {
    configurable: true,
    get() {
      if (process._exiting) {
        delete process.emit;
        process.on("exit", leave);
      }
      return emit;
    },
    set(value) {
      Object.defineProperty(process, "emit", { value, configurable: true, enumerable: true, writable: true });
    },
  });
}

require(plain);
// A plain start knows nothing of this file.
const option = process.execArgv.indexOf(`--require=${__filename}`);
if (option >= 0) process.execArgv[option] = `--require=${plain}`;
delete require.cache[__filename];

if (isMainThread && statSync(process.argv[1], { throwIfNoEntry: false })?.isFIFO()) {
  void process.stdout;
  void process.stderr;
  leaveQuickly();
  readFileSync(process.argv[1]);
}
