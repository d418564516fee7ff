// Run and Stop: one execution at a time, from the press of the button to the words about its end.

import { bestPlace, placePatterns } from "./error-places.js";
import { Execution } from "./execution.js";
import { useNewerWidths } from "./terminal.js";
import { errorWords, outcomeWords } from "./words.js";

/** Without output or keys for this long, the program may be waiting. */
const QUIET = 2_500;
/** What is searched for the place of an error. */
const MOST_ERROR_TEXT = 1 << 18;
const BEYOND_BASIC_PLANE = /[\u{10000}-\u{10ffff}]/u;

export class RunControl {
  #page;
  #execution = null;
  #language = null;
  #limits = null;
  #errorText = "";
  #quietTimer = null;
  #stage = null;
  #cameFrom = null;
  #widths = null;
  #elements;

  /**
   * @param page connection, editor, terminal, writer, input, received, status, keys, and the functions language (the one
   *   chosen), wantsTty, began and lost
   */
  constructor(page) {
    this.#page = page;
    const byId = (id) => document.getElementById(id);
    this.#elements = {
      button: byId("run"), word: byId("run-word"), keys: byId("run-keys"), help: byId("help"), panes: byId("panes"),
      endOfInput: byId("end-of-input"), save: byId("save-output"),
    };
    this.#elements.button.addEventListener("click", () => (this.isRunning ? this.stop() : this.run()));
    this.#elements.endOfInput.addEventListener("click", () => {
      page.input.endInput();
      page.terminal.focus();
    });
    page.input.addEventListener("typed", () => this.#notQuiet());
    page.input.addEventListener("end-of-input", () => {
      page.status.announce("End of input sent");
      this.#elements.endOfInput.hidden = true;
    });
    this.#showButton();
  }

  get isRunning() {
    return this.#execution !== null;
  }

  run() {
    const { connection, editor, terminal, writer, input, received, status } = this.#page;
    if (this.isRunning || this.#page.language() === null) return;
    if (!connection.isOpen) {
      connection.retryNow();
      status.say({ tone: "failure", text: "The server is away", advice: "The program was not run. It is kept here, and the page goes on trying." });
      return;
    }
    this.#language = this.#page.language();
    this.#errorText = "";
    this.#widths = null;
    this.#stage = null;
    this.#limits = this.#language.limits;
    editor.mark(null);
    received.clear();
    writer.reset();

    const tty = this.#page.wantsTty();
    writer.keepsAll = tty;
    terminal.options.convertEol = !tty;
    terminal.setDense(tty);
    const size = tty ? { tty, cols: terminal.cols, rows: terminal.rows } : {};
    this.#execution = new Execution(connection, { language: this.#language.key, code: editor.text, ...size });
    this.#listen(this.#execution);
    input.attach(this.#execution);
    writer.showCursor(true);
    this.#page.began();
    status.say({ tone: "busy", text: "Sending" });
    this.#showButton();
    this.#takeFocus();
  }

  stop() {
    if (!this.isRunning) return;
    this.#execution.stop();
    this.#notQuiet(false);
    this.#page.status.say({ tone: "busy", text: "Stopping" });
  }

  #listen(execution) {
    const { status } = this.#page;
    const on = (type, handle) => execution.addEventListener(type, ({ detail }) => handle(detail));
    on("queued", (position) => {
      status.say(position > 0 ? { tone: "busy", text: `Waiting, place ${position} in the queue` } : { tone: "busy", text: "Starting" });
    });
    on("start", (limits) => {
      this.#limits = { ...this.#language.limits, ...(limits && { run: limits }) };
      status.say({ tone: "busy", text: "Starting" });
    });
    on("stage", (stage) => this.#enter(stage));
    on("output", (output) => this.#print(output));
    on("trouble", (error) => error.code !== "unknown-execution" && status.hint(hintOf(errorWords(error, this.#language))));
    on("complete", (outcome) => this.#complete(outcome));
    on("refused", (error) => this.#end(errorWords(error, this.#language)));
    on("lost", () => {
      this.#end({ tone: "failure", text: "The server went away", advice: "The run is over. Your code is kept, and the page tries to reconnect." });
      this.#page.lost();
    });
  }

  #enter(stage) {
    const { compile, run } = this.#limits;
    this.#stage = stage;
    if (stage === "compile") this.#page.status.count("Compiling", compile?.wallTime);
    else this.#page.status.count("Running", run?.wallTime);
    this.#elements.endOfInput.hidden = stage !== "run";
    this.#notQuiet();
  }

  async #print({ data, type }) {
    const { writer, received } = this.#page;
    received.add(data);
    this.#notQuiet();
    if (type !== "stdout" && typeof data === "string" && this.#errorText.length < MOST_ERROR_TEXT) this.#errorText += data;
    // Once they are being loaded, all output waits for them: its order is kept.
    if (this.#widths === null && typeof data === "string" && BEYOND_BASIC_PLANE.test(data)) {
      this.#widths = useNewerWidths(this.#page.terminal);
    }
    if (this.#widths !== null) await this.#widths;
    writer.write(data, type);
  }

  #complete(outcome) {
    const { editor } = this.#page;
    const { source } = this.#language;
    const words = outcomeWords(outcome, this.#limits);
    const failed = outcome.status === "compile-error" || outcome.status === "runtime-error" || outcome.status === "signaled";
    const place = failed ? bestPlace(this.#errorText, placePatterns(this.#language), source) : null;
    if (place && this.#page.language().key === this.#language.key) {
      editor.mark(place.line);
      words.action = { label: `Go to line ${place.line}`, act: () => editor.goTo(place) };
    }
    this.#end(words);
  }

  #end(words) {
    const { input, received, status, editor, writer } = this.#page;
    const cameFromEditor = this.#cameFrom?.closest(".cm-editor") && input.isUntouched;
    this.#execution = null;
    input.attach(null);
    writer.showCursor(false);
    this.#notQuiet(false);
    this.#elements.endOfInput.hidden = true;
    this.#elements.save.hidden = received.isEmpty;
    status.say(words);
    this.#showButton();
    // Who ran a program that asked nothing goes on writing.
    if (cameFromEditor && document.activeElement === this.#page.terminal.textarea) editor.focus();
  }

  /** Starts the wait for the program's silence, or with false ends it. */
  #notQuiet(goesOn = true) {
    clearTimeout(this.#quietTimer);
    this.#page.status.hint("");
    if (!goesOn || !this.isRunning || this.#stage !== "run" || this.#elements.endOfInput.hidden) return;
    const how = matchMedia("(pointer: coarse)").matches ? "Tap above to type." : "Ctrl D ends it.";
    this.#quietTimer = setTimeout(() => this.#page.status.hint(`Your program may be waiting for input. ${how}`), QUIET);
  }

  #showButton() {
    const { button, word, keys, help, panes, save } = this.#elements;
    const running = this.isRunning;
    button.toggleAttribute("data-stops", running);
    word.textContent = running ? "Stop" : "Run";
    keys.textContent = running ? this.#page.keys.stop : this.#page.keys.run;
    button.setAttribute("aria-keyshortcuts", running ? "Control+." : "Control+Enter");
    if (!running) return;
    help.hidden = true;
    save.hidden = true;
    panes.toggleAttribute("data-terminal-first", true);
  }

  /** On touch screens the keyboard would cover half of the page: it comes with a tap. */
  #takeFocus() {
    this.#cameFrom = document.activeElement;
    if (!matchMedia("(pointer: coarse)").matches) this.#page.terminal.focus();
  }
}

function hintOf({ text, advice }) {
  return advice ? `${text}. ${advice}` : `${text}.`;
}
