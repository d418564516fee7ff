// A real `dayfly serve` on a free port of this machine.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const BINARY = process.env.DAYFLY ?? fileURLToPath(new URL("../../../target/x86_64-unknown-linux-gnu/debug/dayfly", import.meta.url));
/** A folder whose page is tested in place of the one that is part of the binary. */
const WEB_UI = process.env.DAYFLY_WEB_UI;
const LONGEST_START = 60_000;

export class Server {
  #process = null;
  #settings = [];

  constructor(port) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}/`;
  }

  /** @param settings more arguments of `dayfly serve` */
  static async start(...settings) {
    const server = new Server(await freePort());
    server.#settings = settings;
    await server.start();
    return server;
  }

  async start() {
    const page = WEB_UI ? ["--web-ui", WEB_UI] : [];
    this.#process = spawn(BINARY, ["serve", "--port", String(this.port), ...page, ...this.#settings], { stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    this.#process.stderr.on("data", (data) => { log = (log + data).slice(-20_000); });
    const exit = once(this.#process, "exit");
    for (const end = Date.now() + LONGEST_START; !(await this.#answers());) {
      const exited = await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, 100, null))]);
      if (exited !== null || Date.now() > end) throw new Error(`${BINARY} serve did not start:\n${log}`);
    }
  }

  /** As told: it ends its runs first. */
  stop() {
    return this.#end("SIGTERM");
  }

  /** From one moment to the next. */
  crash() {
    return this.#end("SIGKILL");
  }

  async #end(signal) {
    if (this.#process === null) return;
    const exit = once(this.#process, "exit");
    this.#process.kill(signal);
    await exit;
    this.#process = null;
  }

  async languages() {
    return (await fetch(`${this.url}languages?detail=true`)).json();
  }

  async #answers() {
    try {
      return (await fetch(`${this.url}health`)).ok;
    } catch {
      return false;
    }
  }
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
