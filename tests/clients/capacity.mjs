// How many running programs a machine bears: `node capacity.mjs ADDRESS COUNT...`, with ascending counts.
//
// Each program has a connection of its own and waits for input. At each count every program is sent a line of its own,
// which must come back on its connection and on no other, and a line of figures is printed. In the end half of the
// programs are ended by their input, half by closing their connections, and no sandbox may be left.
//
// The server must allow so much: max-concurrent-executions, sockets-per-client, max-connections-per-client,
// requests-per-minute, and interactive-time for as long as this takes.
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const PROGRAM = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)";
/** Starts under way at a time. */
const STARTS = 4;
/** No more programs are started when the machine has less memory than that to give. */
const LEAST_AVAILABLE = 2 * 1024 ** 3;
const PATIENCE = 60_000;

const engine = createRequire(createRequire(import.meta.url).resolve("socket.io-client"));
const { WebSocket } = createRequire(engine.resolve("engine.io-client"))("ws");
const [address, ...counts] = process.argv.slice(2);

/** One connection with one program. */
class Held {
  #events = [];
  #wake = () => {};

  static async start() {
    const held = new Held();
    held.socket = new WebSocket(`ws://${address}/ws`);
    held.socket.onmessage = ({ data }) => { held.#events.push(JSON.parse(data)); held.#wake(); };
    await new Promise((resolve, reject) => { held.socket.onopen = resolve; held.socket.onerror = reject; });
    held.#send("execute-interactive", { language: "python", code: PROGRAM });
    for (;;) {
      const event = await held.#next();
      if (event.event === "queued" || event.event === "execution-start") held.id = event.executionId;
      else if (event.event === "stage" && event.stage === "run") return held;
      else assert.equal(event.event, "stage", JSON.stringify(event));
    }
  }

  #send(event, fields) { this.socket.send(JSON.stringify({ event, ...fields })); }

  async #next() {
    const deadline = setTimeout(() => { console.error(`nothing arrives from ${this.id}`); process.exit(1); }, PATIENCE);
    while (this.#events.length === 0) await new Promise((resolve) => { this.#wake = resolve; });
    clearTimeout(deadline);
    return this.#events.shift();
  }

  /** Milliseconds until a line has come back. */
  async echo(line) {
    const start = performance.now();
    this.#send("input", { executionId: this.id, data: line });
    let printed = "";
    while (printed.length < line.length) {
      const event = await this.#next();
      assert.equal(event.event, "output", JSON.stringify(event));
      printed += event.data;
    }
    assert.equal(printed, line);
    return performance.now() - start;
  }

  async end() {
    this.#send("end-of-input", { executionId: this.id });
    const event = await this.#next();
    assert.deepEqual([event.event, event.status], ["execution-complete", "success"], JSON.stringify(event));
    this.socket.close();
  }
}

/** The value of a metric without labels, or the sum over its labels. */
async function metric(name) {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const values = text.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** Bytes of memory that the machine can still give. */
function available() {
  return Number(/^MemAvailable: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))[1]) * 1024;
}

/** Starts programs until there are as many as that; false if the machine's memory ended first. */
async function fill(held, count) {
  let underWay = 0;
  const starter = async () => {
    while (held.length + underWay < count) {
      if (available() < LEAST_AVAILABLE) return;
      underWay++;
      const started = await Held.start();
      underWay--;
      held.push(started);
    }
  };
  await Promise.all(Array.from({ length: STARTS }, starter));
  return held.length === count;
}

async function look(held, seconds, before) {
  const times = await Promise.all(held.map((one, index) => one.echo(`${index} of ${held.length} is ${one.id}\n`)));
  times.sort((a, b) => a - b);
  const server = (await metric("process_resident_memory_bytes")) - before.server;
  const machine = before.machine - available();
  console.log(
    `${held.length} programs, the last started after ${seconds.toFixed(0)} s;`,
    `the machine has ${(machine / held.length / 2 ** 20).toFixed(1)} MiB less for each,`,
    `the server ${(server / held.length / 2 ** 10).toFixed(0)} KiB more;`,
    `lines sent to all at once are back after ${times.at(held.length / 2).toFixed(0)} ms (median),`,
    `${times.at(-1).toFixed(0)} ms (the last)`,
  );
}

// The first run of a server takes what the others find there.
await (await Held.start()).end();
const before = { server: await metric("process_resident_memory_bytes"), machine: available() };
const began = performance.now();
const held = [];
for (const count of counts.map(Number)) {
  const filled = await fill(held, count);
  await look(held, (performance.now() - began) / 1000, before);
  if (!filled) {
    console.log(`no more are started: the machine has less than ${LEAST_AVAILABLE / 2 ** 30} GiB to give`);
    break;
  }
}
const ending = performance.now();
const half = Math.floor(held.length / 2);
held.slice(half).forEach(({ socket }) => socket.close());
await Promise.all(held.slice(0, half).map((one) => one.end()));
while (await metric("dayfly_sandboxes")) {
  assert.ok(performance.now() - ending < PATIENCE, `${await metric("dayfly_sandboxes")} sandboxes are left`);
  await new Promise((resolve) => setTimeout(resolve, 100));
}
console.log(`all have ended, and their sandboxes are gone, after ${((performance.now() - ending) / 1000).toFixed(0)} s`);
