// The line that is being typed to a program without a terminal of its own: text, cursor, and what keys do to them.
// Knows nothing of the screen.

const ESCAPE_SEQUENCE = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~]|.)?/s;

export class LineEditor {
  /** Code points, so that the cursor never stands inside one. */
  #characters = [];
  #cursor = 0;

  get text() {
    return this.#characters.join("");
  }

  get beforeCursor() {
    return this.#characters.slice(0, this.#cursor).join("");
  }

  get cursorIsAtEnd() {
    return this.#cursor === this.#characters.length;
  }

  clear() {
    this.#characters = [];
    this.#cursor = 0;
  }

  /**
   * Takes what the terminal reports of keys and pastes; yields what it means beyond the line itself:
   * `{ type: "line", text }`, `{ type: "end-of-input" }`, `{ type: "interrupt" }`.
   */
  *feed(data) {
    for (let rest = data.replace(/\r\n/g, "\r"); rest !== "";) {
      const sequence = rest[0] === "\x1b" ? ESCAPE_SEQUENCE.exec(rest)[0] : "";
      if (sequence) {
        this.#move(sequence);
        rest = rest.slice(sequence.length);
        continue;
      }
      const character = String.fromCodePoint(rest.codePointAt(0));
      rest = rest.slice(character.length);
      const meaning = this.#key(character);
      if (meaning) yield meaning;
    }
  }

  #key(character) {
    switch (character) {
      case "\r":
      case "\n": return this.#submit();
      case "\x03": return { type: "interrupt" };
      case "\x04": return this.#endOfInput();
      case "\x7f":
      case "\b": return this.#erase(this.#cursor - 1, this.#cursor);
      case "\x01": return this.#moveTo(0);
      case "\x05": return this.#moveTo(this.#characters.length);
      case "\x0b": return this.#erase(this.#cursor, this.#characters.length);
      case "\x15": return this.#erase(0, this.#cursor);
      case "\x17": return this.#erase(this.#wordStart(), this.#cursor);
      default: return this.#insert(character);
    }
  }

  #submit() {
    const { text } = this;
    this.clear();
    return { type: "line", text };
  }

  /** As a terminal does: on a line with text, control-D is not the end. */
  #endOfInput() {
    return this.#characters.length === 0 ? { type: "end-of-input" } : undefined;
  }

  #insert(character) {
    const isControl = character < " " && character !== "\t";
    if (isControl) return;
    this.#characters.splice(this.#cursor, 0, character);
    this.#cursor += 1;
  }

  #erase(from, to) {
    if (from < 0) return;
    this.#characters.splice(from, to - from);
    this.#cursor = from;
  }

  #moveTo(cursor) {
    this.#cursor = Math.min(this.#characters.length, Math.max(0, cursor));
  }

  /** Sequences that are no cursor keys, such as a terminal's replies, are dropped. */
  #move(sequence) {
    switch (sequence.replace("\x1bO", "\x1b[")) {
      case "\x1b[D": return this.#moveTo(this.#cursor - 1);
      case "\x1b[C": return this.#moveTo(this.#cursor + 1);
      case "\x1b[H": return this.#moveTo(0);
      case "\x1b[F": return this.#moveTo(this.#characters.length);
      case "\x1b[1;5D": return this.#moveTo(this.#wordStart());
      case "\x1b[1;5C": return this.#moveTo(this.#wordEnd());
      case "\x1b[3~":
        if (!this.cursorIsAtEnd) this.#characters.splice(this.#cursor, 1);
    }
  }

  #wordStart() {
    let at = this.#cursor;
    while (at > 0 && this.#characters[at - 1] === " ") at -= 1;
    while (at > 0 && this.#characters[at - 1] !== " ") at -= 1;
    return at;
  }

  #wordEnd() {
    let at = this.#cursor;
    while (at < this.#characters.length && this.#characters[at] === " ") at += 1;
    while (at < this.#characters.length && this.#characters[at] !== " ") at += 1;
    return at;
  }
}
