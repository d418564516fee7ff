// The server's languages: those of the last visit at once, then those of the server.

import { keyHeaders } from "./api-key.js";
import { recall, remember } from "./preferences.js";

const POLL = 2_000;
const RECENT = 5;

/** Events: "change". */
export class Languages extends EventTarget {
  #list = recall("languages", []).map((language) => ({ ...language, image: { state: "unknown", usable: true } }));
  #timer = null;

  get all() {
    return this.#list;
  }

  find(key) {
    return this.#list.find((language) => language.key === key) ?? null;
  }

  /** Those chosen last, the latest first. */
  get recent() {
    return recall("recent", []).map((key) => this.find(key)).filter(Boolean);
  }

  noteUse(key) {
    remember("recent", [key, ...recall("recent", []).filter((other) => other !== key)].slice(0, RECENT));
  }

  /** Asks the server, and goes on asking while an image is being built. */
  async refresh() {
    clearTimeout(this.#timer);
    const reply = await fetch("languages?detail=true", { headers: keyHeaders() });
    if (!reply.ok) throw new Error(`the list of languages: ${reply.status}`);
    this.#list = await reply.json();
    remember("languages", this.#list.map(({ image, ...lasting }) => lasting));
    this.dispatchEvent(new Event("change"));
    if (this.#list.some(({ image }) => image.state === "building")) {
      this.#timer = setTimeout(() => this.refresh().catch(() => {}), POLL);
    }
  }
}

/** "3.13.5" of "Python 3.13.5"; with `parts` 2, "3.13". */
export function versionNumber(language, parts = Infinity) {
  const found = /\d+(\.\d+)*/.exec(language.version ?? "")?.[0] ?? "";
  return found.split(".").slice(0, parts).join(".");
}
