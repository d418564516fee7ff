// What is typed into the terminal, on its way to the program. A program with a pty gets the keys as they are, and the pty
// echoes them; for one without, the line is edited and echoed here.

export class ProgramInput extends EventTarget {
  #execution = null;
  #line;
  #writer;

  /** Events: "typed", "line" and "end-of-input" when they were sent. */
  constructor(terminal, line, writer) {
    super();
    this.#line = line;
    this.#writer = writer;
    terminal.onData((data) => this.#receive(data));
    terminal.onBinary((data) => this.#receive(data));
    terminal.onResize(({ cols, rows }) => this.#execution?.resize(cols, rows));
  }

  /** Whether nothing has been typed to the program yet. */
  isUntouched = true;

  /** Input goes to `execution` from now on; null: nowhere. */
  attach(execution) {
    this.#execution = execution;
    this.#line.clear();
    if (execution) this.isUntouched = true;
    else this.#writer.lineChanged();
  }

  endInput() {
    if (!this.#execution) return;
    if (this.#execution.tty) {
      this.#execution.input("\x04");
    } else {
      if (this.#line.text !== "") this.#sendLine(this.#line.text, "");
      this.#execution.endInput();
    }
    this.dispatchEvent(new Event("end-of-input"));
  }

  #receive(data) {
    if (!this.#execution) return;
    this.isUntouched = false;
    this.dispatchEvent(new Event("typed"));
    if (this.#execution.tty) {
      this.#execution.input(data);
      return;
    }
    for (const { type, text } of this.#line.feed(data)) {
      if (type === "line") this.#sendLine(text, "\n");
      else if (type === "end-of-input") this.endInput();
      else this.#interrupt();
    }
    this.#writer.lineChanged();
  }

  #sendLine(text, end) {
    this.#line.clear();
    this.#writer.commit(text);
    this.#execution.input(text + end);
    this.dispatchEvent(new Event("line"));
  }

  #interrupt() {
    this.#line.clear();
    this.#execution.signal("SIGINT");
  }
}
