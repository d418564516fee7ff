// The key of a server that asks for one, and the dialog for it. It is kept until the tab is closed.

import { recall, remember } from "./preferences.js";

const NAME = "api-key";
/** What a key is made of; nothing else may stand in a header or in the name of a protocol. */
const POSSIBLE = /^[\w.~+-]+$/;

const storage = () => sessionStorage;
const key = () => recall(NAME, null, storage);

/** What goes with a request. */
export function keyHeaders() {
  return key() === null ? {} : { authorization: `Bearer ${key()}` };
}

/** A WebSocket carries no headers of a page's; its protocols do. */
export function keyProtocols() {
  return key() === null ? [] : ["dayfly", `dayfly.key.${key()}`];
}

export class KeyDialog {
  #dialog = document.getElementById("key-dialog");
  #field = document.getElementById("key");
  #words = document.getElementById("key-words");

  /** @param given called when there is a new key */
  constructor(given) {
    this.#dialog.querySelector("form").addEventListener("submit", (event) => {
      const typed = this.#field.value.trim();
      if (!POSSIBLE.test(typed)) {
        event.preventDefault();
        this.#words.textContent = "A key has no spaces, and no other characters than letters, digits and a few signs.";
        return;
      }
      remember(NAME, typed, storage);
      this.#field.value = "";
      given();
    });
  }

  /** Asks the server whether it wants another key than the one we have. */
  async isNeeded() {
    try {
      return (await fetch("languages", { headers: keyHeaders() })).status === 401;
    } catch {
      return false;
    }
  }

  ask() {
    if (this.#dialog.open) return;
    this.#words.textContent = key() === null ? "This server needs an API key." : "The server does not know this key.";
    this.#dialog.showModal();
  }
}
