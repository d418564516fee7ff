// The WebSocket to the server: opened at once, and again with back-off whenever it closes.

const FIRST_DELAY = 500;
const LONGEST_DELAY = 10_000;

/**
 * Events: "open", "close", "failed" (after "close", if it was never open), "retry" (before each new try), and "message" with the message as `detail`.
 */
export class Connection extends EventTarget {
  #url;
  #socket = null;
  #protocols;
  #delay = FIRST_DELAY;
  #timer = null;

  /** @param protocols gives the subprotocols of a new socket */
  constructor(url, protocols) {
    super();
    this.#url = url;
    this.#protocols = protocols;
    addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.retryNow();
    });
    this.#connect();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Whether the message could be handed over. */
  send(message) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Does not wait for the next try. */
  retryNow() {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#delay = FIRST_DELAY;
    this.#connect();
  }

  /** Leaves it at this try until `retryNow`. */
  hold() {
    clearTimeout(this.#timer);
  }

  #connect() {
    this.#timer = null;
    this.dispatchEvent(new Event("retry"));
    const socket = new WebSocket(this.#url, this.#protocols());
    this.#socket = socket;
    let wasOpen = false;
    socket.addEventListener("open", () => {
      wasOpen = true;
      this.#delay = FIRST_DELAY;
      this.dispatchEvent(new Event("open"));
    });
    socket.addEventListener("message", ({ data }) => {
      this.dispatchEvent(new CustomEvent("message", { detail: JSON.parse(data) }));
    });
    socket.addEventListener("close", () => {
      this.#retryLater();
      this.dispatchEvent(new Event("close"));
      if (!wasOpen) this.dispatchEvent(new Event("failed"));
    });
  }

  /** A little chance keeps the pages of one restarted server apart. */
  #retryLater() {
    this.#timer = setTimeout(() => this.#connect(), this.#delay * (0.75 + Math.random() / 2));
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY);
  }
}
