// The line under the terminal: one true thing, and for those who listen, each change of it.

import { countedSeconds, wholeSeconds } from "./words.js";

const TICK = 100;
/** From this part of the limit on, the line has the colour of a warning. */
const NEAR = 0.8;

export class StatusLine {
  #elements;
  #timer = null;

  constructor() {
    const byId = (id) => document.getElementById(id);
    this.#elements = {
      status: byId("status"), announcement: byId("announcement"), action: byId("status-action"),
      limit: byId("limit"), used: byId("limit-used"), hint: byId("hint"),
    };
  }

  /**
   * @param tone quiet, busy, success or failure
   * @param action `{ label, act }`: something to do about it
   */
  say({ tone, text, facts = [], advice = "", action = null }) {
    this.#stopCounting();
    this.#show(tone, text, facts, advice);
    this.#offer(action);
    this.#announce([text, ...facts, advice].filter(Boolean).join(", "));
  }

  /** Says `text` with the time since now, up to `limit` seconds. */
  count(text, limit) {
    this.#stopCounting();
    this.#offer(null);
    this.#show("busy", text, [""]);
    const counter = this.#elements.status.lastElementChild;
    const start = performance.now();
    const tick = () => {
      const time = (performance.now() - start) / 1000;
      counter.textContent = countedSeconds(time) + (limit ? ` of ${wholeSeconds(limit)}` : "");
      if (limit) this.#fill(time / limit);
    };
    tick();
    this.#timer = setInterval(tick, TICK);
    this.#announce(text);
  }

  hint(text) {
    const { hint } = this.#elements;
    if (hint.textContent === text) return;
    hint.textContent = text;
    hint.hidden = text === "";
    if (text) this.#announce(text);
  }

  /** What only those who listen need to be told. */
  announce(text) {
    this.#announce(text);
  }

  #show(tone, text, facts, advice = "") {
    const { status } = this.#elements;
    status.dataset.tone = tone;
    const parts = [part("status-words", text), ...facts.map((fact) => part("status-fact", fact))];
    if (advice) parts.push(part("status-advice", advice));
    status.replaceChildren(...parts);
  }

  #offer(action) {
    const button = this.#elements.action;
    button.hidden = action === null;
    button.textContent = action?.label ?? "";
    button.onclick = action?.act ?? null;
  }

  #fill(share) {
    const { limit, used } = this.#elements;
    limit.toggleAttribute("data-shown", true);
    limit.toggleAttribute("data-near", share >= NEAR);
    used.style.transform = `scaleX(${Math.min(1, share)})`;
  }

  #stopCounting() {
    clearInterval(this.#timer);
    this.#elements.limit.toggleAttribute("data-shown", false);
    this.#elements.used.style.transform = "scaleX(0)";
  }

  #announce(text) {
    this.#elements.announcement.textContent = text;
  }
}

function part(className, text) {
  const made = document.createElement("span");
  made.className = className;
  made.textContent = text;
  return made;
}
