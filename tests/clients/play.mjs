// Plays script.json over the transport that is named: `node play.mjs ws|socketio|socketio-polling ADDRESS`.
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { io } from "socket.io-client";

const EVENTS = ["queued", "execution-start", "stage", "output", "execution-complete", "error"];
const [transport, address] = process.argv.slice(2);

/** A queue of events, and a way to send one. */
async function connect() {
  const waiting = [];
  let wake = () => {};
  const push = (event) => { waiting.push(event); wake(); };
  const next = async () => {
    while (waiting.length === 0) await new Promise((resolve) => { wake = resolve; });
    return waiting.shift();
  };
  if (transport === "ws") {
    // The client that socket.io-client brings along: bare WebSocket, nothing of Socket.IO.
    const engine = createRequire(createRequire(import.meta.url).resolve("socket.io-client"));
    const { WebSocket } = createRequire(engine.resolve("engine.io-client"))("ws");
    const socket = new WebSocket(`ws://${address}/ws`);
    socket.onmessage = ({ data }) => push(JSON.parse(data));
    await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
    return { next, send: (event, fields) => socket.send(JSON.stringify({ event, ...fields })), close: () => socket.close() };
  }
  const transports = transport === "socketio" ? ["websocket"] : ["polling"];
  const socket = io(`http://${address}`, { transports, reconnection: false });
  for (const event of EVENTS) socket.on(event, (fields) => push({ event, ...fields }));
  await new Promise((resolve, reject) => { socket.on("connect", resolve); socket.on("connect_error", reject); });
  return { next, send: (event, fields) => socket.emit(event, fields), close: () => socket.close() };
}

function matches(event, expected) {
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(event[name], value, `${name} of ${JSON.stringify(event)}`);
  }
}

const deadline = setTimeout(() => { console.error("nothing more arrives"); process.exit(1); }, 60_000);
const client = await connect();
let executionId;
let printed = { stdout: "", stderr: "" };
for (const step of JSON.parse(readFileSync(new URL("script.json", import.meta.url)))) {
  if (step.send) {
    const isStart = step.send === "execute-interactive";
    client.send(step.send, isStart ? step.fields : { executionId, ...step.fields });
    continue;
  }
  for (;;) {
    if (step.until && printed.stdout.includes(step.until)) break;
    const event = await client.next();
    if (event.event === "output") {
      printed[event.type ?? "stdout"] += event.data;
    } else if (event.event === "stage" || event.event === "queued") {
      continue;
    } else if (step.complete) {
      matches(event, { event: "execution-complete", executionId, ...step.complete });
      if ("stdout" in step) assert.equal(printed.stdout, step.stdout);
      if ("stderr" in step) assert.equal(printed.stderr, step.stderr);
      break;
    } else {
      matches(event, step.expect ?? {});
      if (event.event === "execution-start") {
        executionId = event.executionId;
        printed = { stdout: "", stderr: "" };
      }
      break;
    }
  }
}
client.close();
clearTimeout(deadline);
console.log(`${transport}: the script was played`);
