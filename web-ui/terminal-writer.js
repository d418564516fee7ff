// Brings output and the line that is being typed onto the terminal, in order: the typed line stands after all output,
// is taken away before more comes, and is drawn again after it.

import { beginning, ending } from "./text-kinds.js";

/** What is handed to xterm.js at a time, in characters. */
const BATCH = 1 << 16;
/** From here on, output that would scroll out of reach at once is not drawn. */
const BACKLOG = 1 << 20;

/** Events: "drawn" when nothing is left to draw, "dropped" when output was left out. */
export class TerminalWriter extends EventTarget {
  #terminal;
  #line;
  #lines;
  #queue = [];
  #queued = 0;
  #running = false;
  /** Where the typed line begins on the screen, while it is drawn. */
  #start = null;
  #lineChanged = false;

  /** @param line the LineEditor whose text is shown; @param lines how many lines the terminal keeps */
  constructor(terminal, line, lines) {
    super();
    this.#terminal = terminal;
    this.#line = line;
    this.#lines = lines;
  }

  /** For programs with a pty no output may be left out: what comes later builds on it. */
  keepsAll = false;

  get isIdle() {
    return !this.#running;
  }

  write(data, kind) {
    this.#queue.push({ data, kind });
    this.#queued += data.length;
    if (this.#queued > BACKLOG && !this.keepsAll) this.#dropOldest();
    this.#run();
  }

  /** The typed line's text or cursor changed. */
  lineChanged() {
    this.#lineChanged = true;
    this.#run();
  }

  /** The typed line was sent: it stays where it is, and what follows stands below it. */
  commit(text) {
    this.#queue.push({ data: `${text}\r\n`, kind: "typed" });
    this.#lineChanged = true;
    this.#run();
  }

  /** Shows or hides the cursor, after what was written before. */
  showCursor(shown) {
    this.write(shown ? "\x1b[?25h" : "\x1b[?25l", "stdout");
  }

  /** Empties the terminal. */
  reset() {
    this.#queue = [];
    this.#queued = 0;
    this.#start = null;
    this.#terminal.reset();
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    while (this.#queue.length > 0 || this.#lineChanged) {
      this.#lineChanged = false;
      const output = this.#nextBatch();
      if (output.length > 0) {
        await this.#put(this.#takeAway());
        for (const part of output) await this.#put(part);
      }
      if (this.#queue.length === 0) await this.#drawLine();
    }
    this.#running = false;
    this.dispatchEvent(new Event("drawn"));
  }

  #put(data) {
    return data.length === 0 ? undefined : new Promise((resolve) => this.#terminal.write(data, resolve));
  }

  /** The next parts of the queue, texts put together. */
  #nextBatch() {
    const parts = [];
    let text = "";
    for (let size = 0; this.#queue.length > 0 && size < BATCH;) {
      const { data, kind } = this.#queue.shift();
      this.#queued -= data.length;
      size += data.length;
      if (typeof data === "string") {
        text += beginning(kind) + data + ending(kind);
      } else {
        parts.push(text + beginning(kind), data);
        text = ending(kind);
      }
    }
    if (text) parts.push(text);
    return parts;
  }

  /** Keeps as much of the queue's end as fills the terminal. */
  #dropOldest() {
    let lines = 0;
    let at = this.#queue.length;
    while (at > 0 && lines <= this.#lines) lines += newlines(this.#queue[--at].data);
    if (at === 0) return;
    for (const { data } of this.#queue.splice(0, at)) this.#queued -= data.length;
    this.dispatchEvent(new Event("dropped"));
  }

  async #drawLine() {
    const { text, beforeCursor, cursorIsAtEnd } = this.#line;
    await this.#put(this.#takeAway());
    if (text === "") return;
    const { active } = this.#terminal.buffer;
    // After a full row the cursor waits beyond the last column, where no escape sequence can bring it back to.
    if (active.cursorX >= this.#terminal.cols) await this.#put(" \r");
    this.#start = {
      marker: this.#terminal.registerMarker(0), // none on the alternate screen, which does not scroll
      row: active.baseY + active.cursorY,
      column: active.cursorX,
    };
    await this.#put(beginning("typed") + text + ending("typed"));
    if (!cursorIsAtEnd) await this.#put(this.#toStart() + beginning("typed") + beforeCursor + ending("typed"));
  }

  /** The escape sequences that remove the typed line from the screen. */
  #takeAway() {
    if (this.#start === null) return "";
    const sequence = `${this.#toStart()}\x1b[J`;
    this.#start.marker?.dispose();
    this.#start = null;
    return sequence;
  }

  #toStart() {
    const { marker, row, column } = this.#start;
    const onScreen = Math.max(0, (marker?.line ?? row) - this.#terminal.buffer.active.baseY);
    return `\x1b[${onScreen + 1};${column + 1}H`;
  }
}

function newlines(data) {
  let count = 0;
  const newline = typeof data === "string" ? "\n" : 10;
  for (let at = data.indexOf(newline); at !== -1; at = data.indexOf(newline, at + 1)) count += 1;
  return count;
}
