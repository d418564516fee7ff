// The page's keys, by the names that the person's keyboard has for them.

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const modifier = isMac ? "⌘" : "Ctrl";

/** Labels for the button. */
export const buttonKeys = { run: `${modifier} Enter`, stop: `${modifier} .` };

const HELP = [
  [[modifier, "Enter"], "run"],
  [[modifier, "."], "stop"],
  [["Ctrl", "D"], "end of input"],
  [["Ctrl", "C"], "interrupt"],
  [["F6"], "the other pane"],
];

export function showKeys(list) {
  for (const [keys, meaning] of HELP) {
    const term = document.createElement("dt");
    term.append(...keys.map((key) => {
      const made = document.createElement("kbd");
      made.textContent = key;
      return made;
    }));
    const description = document.createElement("dd");
    description.textContent = meaning;
    list.append(term, description);
  }
}

/** Calls `run`, `stop` or `otherPane` wherever on the page their keys are pressed. */
export function attachKeys({ run, stop, otherPane }) {
  document.addEventListener("keydown", (event) => {
    const modified = (isMac ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey;
    const act = modified && event.key === "Enter" ? run
      : modified && event.key === "." ? stop
        : event.key === "F6" ? otherPane : null;
    if (act === null || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }, { capture: true });
}

/**
 * Leaves to the browser the keys that are its own: Tab, except where a program has a terminal of its own; copying what is
 * selected; pasting. Without a running program, keys scroll.
 * @param runs whether a program runs; @param hasTty whether it has a terminal of its own
 */
export function attachTerminalKeys(terminal, { runs, hasTty }) {
  const pages = { PageUp: -1, PageDown: 1 };
  const lines = { ArrowUp: -1, ArrowDown: 1 };
  terminal.attachCustomKeyEventHandler((event) => {
    const owned = runs() && hasTty();
    const control = (event.ctrlKey || event.metaKey) && !event.altKey;
    if (event.key === "Tab") return owned;
    if (control && event.code === "KeyC" && terminal.hasSelection()) return false;
    if (control && event.code === "KeyV") return false;
    if (event.type === "keydown" && !owned) {
      if (event.key in pages) terminal.scrollPages(pages[event.key]);
      else if (!runs() && event.key in lines) terminal.scrollLines(lines[event.key]);
    }
    return runs();
  });
}
