// One run of a program, from the request to its outcome.

/** Code of this length is no server's reason to close the connection. */
const SHORT_ENOUGH = 1 << 20;

let requests = 0;

/**
 * Events, each with `detail`: "queued" (position), "start" (its limits), "stage" (stage), "output" ({ data, type }),
 * "complete" (the outcome), "refused" and "trouble" ({ code, message }), "lost" (the server went away).
 * After "complete", "refused" or "lost" nothing follows.
 */
export class Execution extends EventTarget {
  #connection;
  #id = null;
  #reference;
  #unsent = [];
  #takesInput = false;
  #listening = new AbortController();

  /** @param request language, code, tty, cols, rows */
  constructor(connection, request) {
    super();
    this.#connection = connection;
    this.#reference = `run-${++requests}`;
    this.tty = request.tty === true;
    const { signal } = this.#listening;
    connection.addEventListener("message", ({ detail }) => this.#receive(detail), { signal });
    connection.addEventListener("close", () => this.#lose(request.code.length), { signal });
    connection.send({ event: "execute-interactive", reference: this.#reference, ...request });
  }

  get isOver() {
    return this.#listening.signal.aborted;
  }

  input(data) {
    this.#send({ event: "input", data });
  }

  endInput() {
    this.#send({ event: "end-of-input" });
  }

  /** Before the program runs there is nothing to signal to: what leads to it is stopped. */
  signal(signal) {
    if (this.#takesInput) this.#send({ event: "signal", signal });
    else this.stop();
  }

  resize(cols, rows) {
    if (this.tty) this.#send({ event: "resize", cols, rows });
  }

  /** Does not wait for the program to take input. */
  stop() {
    this.#unsent = [{ event: "stop" }];
    if (this.#id !== null) this.#sendUnsent();
  }

  /** What comes too early for the server is kept until the program runs. */
  #send(message) {
    if (this.isOver) return;
    this.#unsent.push(message);
    if (this.#takesInput) this.#sendUnsent();
  }

  #sendUnsent() {
    for (const message of this.#unsent.splice(0)) this.#connection.send({ ...message, executionId: this.#id });
  }

  #receive(message) {
    if (!this.#isOurs(message)) return;
    if (this.#id === null && message.executionId) {
      this.#id = message.executionId;
      if (this.#unsent[0]?.event === "stop") this.#sendUnsent();
    }
    switch (message.event) {
      case "queued": return this.#tell("queued", message.position);
      case "execution-start": return this.#tell("start", message.limits ?? null);
      case "stage": return this.#enter(message.stage);
      case "output": return this.#tell("output", { data: decoded(message), type: message.type ?? "stdout" });
      case "execution-complete": return this.#end("complete", message);
      case "error": return this.#fail(message);
    }
  }

  /** An error about a message that the server did not read names no run: the page has but one. */
  #isOurs({ event, executionId, reference }) {
    if (executionId && executionId === this.#id) return true;
    if (reference === this.#reference) return true;
    return event === "error" && !executionId && !reference;
  }

  #enter(stage) {
    this.#takesInput = stage === "run";
    this.#tell("stage", stage);
    if (this.#takesInput) this.#sendUnsent();
  }

  /** An error before the program runs is the end; one after is about a message of ours. */
  #fail({ code, message }) {
    if (this.#takesInput) this.#tell("trouble", { code, message });
    else this.#end("refused", { code, message });
  }

  #end(type, detail) {
    this.#listening.abort();
    this.#tell(type, detail);
  }

  /** A server that is sent too much may close the connection before its reason has come. */
  #lose(codeLength) {
    if (this.#id === null && codeLength > SHORT_ENOUGH) this.#end("refused", { code: "message-too-long", message: "" });
    else this.#end("lost", null);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Text, or the bytes of a message that is marked as base64. */
function decoded({ data, encoding }) {
  if (encoding !== "base64") return data;
  return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
}
