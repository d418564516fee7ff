// The popover that a language is chosen from: a filter over a list (ARIA's combobox with a listbox).

import { versionNumber } from "./languages.js";

const STATES = {
  ready: "",
  stale: "older build",
  building: "being built",
  missing: "not built yet",
  failed: "build failed",
  unknown: "",
};

export class LanguageList {
  #languages;
  #choose;
  #current = null;
  #shown = [];
  #active = 0;
  #elements;

  /** @param choose is called with the key of the language that was chosen */
  constructor(languages, choose) {
    this.#languages = languages;
    this.#choose = choose;
    const byId = (id) => document.getElementById(id);
    this.#elements = {
      button: byId("language-button"), popover: byId("language-popover"), filter: byId("language-filter"),
      list: byId("language-list"), none: byId("no-language"), note: byId("image-note"), words: byId("image-words"),
      showLog: byId("show-log"), log: byId("log"), logTitle: byId("log-title"), logText: byId("log-text"),
    };
    this.#listen();
  }

  /** Shows `language` on the button. */
  setCurrent(language) {
    this.#current = language.key;
    const version = versionNumber(language, 2);
    document.getElementById("language-name").textContent = language.name;
    document.getElementById("language-version").textContent = version;
    this.#elements.button.setAttribute("aria-label", `Language: ${language.name} ${version}`.trim());
  }

  close() {
    this.#elements.popover.hidePopover();
  }

  #listen() {
    const { button, popover, filter, list, showLog } = this.#elements;
    let wasOpen = false; // pressing the button closes the popover before the click arrives
    button.addEventListener("pointerdown", () => { wasOpen = popover.matches(":popover-open"); });
    button.addEventListener("click", () => {
      if (!wasOpen) this.#open();
      wasOpen = false;
    });
    button.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      this.#open();
    });
    popover.addEventListener("toggle", ({ newState }) => button.setAttribute("aria-expanded", String(newState === "open")));
    filter.addEventListener("input", () => this.#filterChanged());
    filter.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the filter
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#take(Number(option.dataset.index));
    });
    list.addEventListener("pointermove", (event) => {
      const option = event.target.closest("[role=option]");
      if (option && Number(option.dataset.index) !== this.#active) this.#activate(Number(option.dataset.index), false);
    });
    showLog.addEventListener("click", () => this.#showLog());
    this.#languages.addEventListener("change", () => {
      if (popover.matches(":popover-open")) this.#render();
    });
  }

  #open() {
    const { button, popover, filter } = this.#elements;
    if (popover.matches(":popover-open")) return;
    popover.style.setProperty("--popover-left", `${button.getBoundingClientRect().left}px`);
    filter.value = "";
    popover.showPopover();
    this.#render();
    this.#activate(Math.max(0, this.#shown.findIndex(({ key }) => key === this.#current)));
    filter.focus();
    this.#languages.refresh().catch(() => {});
  }

  #filterChanged() {
    this.#active = 0;
    this.#render();
  }

  #key(event) {
    const last = this.#shown.length - 1;
    const moves = {
      ArrowDown: () => this.#activate(this.#active === last ? 0 : this.#active + 1),
      ArrowUp: () => this.#activate(this.#active === 0 ? last : this.#active - 1),
      PageDown: () => this.#activate(Math.min(last, this.#active + 8)),
      PageUp: () => this.#activate(Math.max(0, this.#active - 8)),
      Enter: () => this.#take(this.#active),
    };
    if (!moves[event.key] || event.isComposing) return;
    event.preventDefault();
    if (last >= 0) moves[event.key]();
  }

  #take(index) {
    const language = this.#shown[index];
    this.#elements.popover.hidePopover();
    this.#elements.button.focus();
    this.#choose(language.key);
  }

  #render() {
    const { list, none } = this.#elements;
    const wanted = this.#elements.filter.value.trim().toLowerCase();
    const groups = wanted ? [["", matching(this.#languages.all, wanted)]] : this.#grouped();
    this.#shown = groups.flatMap(([, members]) => members);
    let index = 0;
    list.replaceChildren(...groups.filter(([, members]) => members.length > 0).map(([name, members]) => {
      const group = element("div", "", { role: "group" });
      if (name) {
        group.setAttribute("aria-label", name);
        group.append(element("div", "group-name", { "aria-hidden": "true" }, name));
      }
      group.append(...members.map((language) => this.#option(language, index++)));
      return group;
    }));
    none.hidden = this.#shown.length > 0;
    this.#activate(Math.min(this.#active, Math.max(0, this.#shown.length - 1)));
  }

  /** Without a search, those chosen last come first, and not a second time. */
  #grouped() {
    const { recent, all } = this.#languages;
    const others = all.filter((language) => !recent.includes(language));
    return recent.length === 0 ? [["", all]] : [["Recent", recent], ["All", others]];
  }

  #option(language, index) {
    const { state, progress } = language.image;
    const option = element("div", "language", {
      role: "option", id: `language-${index}`, "data-index": index, "aria-selected": language.key === this.#current,
    });
    const words = state === "building" && progress ? progress : STATES[state];
    option.append(
      element("span", "dot", { "data-state": state }),
      element("span", "name", {}, language.name),
      element("span", "version", {}, versionNumber(language)),
      element("span", "image", {}, words),
    );
    if (state === "ready") option.append(element("span", "visually-hidden", {}, "ready"));
    return option;
  }

  #activate(index, scroll = true) {
    const { list, filter } = this.#elements;
    this.#active = index;
    for (const option of list.querySelectorAll("[role=option]")) {
      option.toggleAttribute("data-active", Number(option.dataset.index) === index);
    }
    const active = document.getElementById(`language-${index}`);
    if (active) filter.setAttribute("aria-activedescendant", active.id);
    else filter.removeAttribute("aria-activedescendant");
    if (scroll) active?.scrollIntoView({ block: "nearest" });
    this.#describe(this.#shown[index]);
  }

  /** What the active language's image needs to be said about, below the list. */
  #describe(language) {
    const { note, words, showLog } = this.#elements;
    const failed = language?.image.state === "failed";
    const text = failed ? `The image of ${language.name} could not be built.` : language?.image.note;
    note.hidden = !text;
    words.textContent = text ?? "";
    showLog.hidden = !(failed && language.image.message);
  }

  #showLog() {
    const language = this.#shown[this.#active];
    const { popover, log, logTitle, logText } = this.#elements;
    popover.hidePopover();
    logTitle.textContent = `Why the image of ${language.name} could not be built`;
    logText.textContent = language.image.message;
    log.showModal();
    logText.scrollTop = logText.scrollHeight;
  }
}

/** Names that are `wanted` come before those that begin with it, and these before those that only contain it. */
function matching(languages, wanted) {
  const names = (language) => [language.name, language.key, ...language.aliases].map((name) => name.toLowerCase());
  const tests = [(name) => name === wanted, (name) => name.startsWith(wanted), (name) => name.includes(wanted)];
  return [...new Set(tests.flatMap((test) => languages.filter((language) => names(language).some(test))))];
}

function element(tag, className, attributes, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}
