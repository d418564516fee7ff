// One run of a program, from the request to its outcome.

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
    connection.addEventListener("close", () => this.#end("lost", null), { signal });
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

  signal(signal) {
    this.#send({ event: "signal", signal });
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
    const isOurs = this.#id === null ? message.reference === this.#reference : message.executionId === this.#id;
    if (!isOurs && !(message.event === "error" && message.reference === this.#reference)) return;
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

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Text, or the bytes of a message that is marked as base64. */
function decoded({ data, encoding }) {
  if (encoding !== "base64") return data;
  return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
}
