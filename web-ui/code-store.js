// The programs of a person, one per language, kept across reloads. A program from a link is kept apart, in its tab, so that
// opening a link never costs anybody a program of their own.

import { forget, recall, remember } from "./preferences.js";

const PAUSE = 300;
const thisTab = () => sessionStorage;

export class CodeStore {
  #timer = null;
  #unsaved = null;
  #link = null;

  constructor() {
    addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => this.flush());
  }

  /** The kept program, or the language's sample. What is saved from now on is the person's own. */
  open(language) {
    this.flush();
    this.#link = null;
    return this.own(language) ?? language.sample ?? "";
  }

  /** The program of the link, or what it was changed to in this tab. What is saved from now on belongs to the link. */
  openLink(link, code) {
    this.flush();
    this.#link = link;
    const kept = recall("link", null, thisTab);
    return kept?.link === link ? kept.text : code;
  }

  /** The person's own program, or null. */
  own(language) {
    return recall(`code.${language.key}`);
  }

  /** Saves soon. */
  save(language, text) {
    this.#unsaved = { language, text };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), PAUSE);
  }

  flush() {
    clearTimeout(this.#timer);
    if (this.#unsaved === null) return;
    const { language, text } = this.#unsaved;
    this.#unsaved = null;
    if (this.#link !== null) remember("link", { link: this.#link, text }, thisTab);
    else if (text === language.sample) forget(`code.${language.key}`);
    else remember(`code.${language.key}`, text);
  }
}
