// All that a run printed, for "Save output". Texts are handed to the browser in large pieces, which may keep them on disk.

const PIECE = 1 << 22;

export class ReceivedOutput {
  #pieces = [];
  #latest = [];
  #size = 0;

  get isEmpty() {
    return this.#pieces.length === 0 && this.#latest.length === 0;
  }

  clear() {
    this.#pieces = [];
    this.#latest = [];
    this.#size = 0;
  }

  add(data) {
    this.#latest.push(data);
    this.#size += data.length;
    if (this.#size > PIECE) this.#roll();
  }

  /** Offers it as a file. */
  save(name) {
    this.#roll();
    const url = URL.createObjectURL(new Blob(this.#pieces, { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  #roll() {
    this.#pieces.push(new Blob(this.#latest));
    this.#latest = [];
    this.#size = 0;
  }
}
