// The terminal: xterm.js in the page's type and colours, fitted to its pane.

import { givingNonce } from "./nonce.js";
import { extendedPalette } from "./text-kinds.js";
import { colours, isDark } from "./theme.js";
import { FitAddon, Terminal } from "./vendor/terminal.js";

/** Lines that can be scrolled back to. */
export const KEPT_LINES = 5_000;

/** The first sixteen colours, those that programs ask for by number. Where one is too weak on its background, xterm.js mends it. */
const ANSI = {
  light: {
    black: "#1c2128", red: "#b42318", green: "#1a7f45", yellow: "#8a4b08", blue: "#0b6bcb", magenta: "#8a3ba8",
    cyan: "#0f6f7c", white: "#dfe3e8", brightBlack: "#68717d", brightRed: "#c9362a", brightGreen: "#177a41",
    brightYellow: "#8f5a00", brightBlue: "#2672c4", brightMagenta: "#9b4dba", brightCyan: "#13747f", brightWhite: "#ffffff",
  },
  dark: {
    black: "#5c6673", red: "#ff8f85", green: "#56d391", yellow: "#e8b169", blue: "#58a6ff", magenta: "#d9a2f2",
    cyan: "#5ecbd8", white: "#e4e8ee", brightBlack: "#9aa5b3", brightRed: "#ffaaa2", brightGreen: "#7fe0ad",
    brightYellow: "#f2c88c", brightBlue: "#8cc2ff", brightMagenta: "#e6c0f7", brightCyan: "#8adde6", brightWhite: "#ffffff",
  },
};

/**
 * @returns xterm.js's terminal, with `restyle()` for a change of colours or of the size of type, and `setDense()`: rows
 *   without space between them, for programs that draw on the whole screen and whose lines have to meet
 */
export function createTerminal(container) {
  const terminal = new Terminal({
    ...style(container, false),
    allowTransparency: true,
    convertEol: true,
    cursorInactiveStyle: "outline",
    allowProposedApi: true, // for the table of character widths
    minimumContrastRatio: 4.6,
    scrollback: KEPT_LINES,
    rightClickSelectsWord: false,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  givingNonce(() => terminal.open(container));
  terminal.textarea.setAttribute("aria-label", "Terminal: input and output");
  let isDense = false;
  terminal.restyle = () => {
    Object.assign(terminal.options, style(container, isDense));
    fit.fit();
  };
  terminal.setDense = (dense) => {
    if (dense === isDense) return;
    isDense = dense;
    terminal.restyle();
  };
  new ResizeObserver(() => fit.fit()).observe(container);
  return terminal;
}

/** Whether the first lines are out of reach by now. */
export function isFull(terminal) {
  return terminal.buffer.normal.length >= KEPT_LINES + terminal.rows;
}

let widths = null;

/** Characters beyond the basic plane, emoji above all, need the newer table of widths, which is loaded for them. */
export async function useNewerWidths(terminal) {
  widths ??= import("./vendor/unicode.js").then(({ Unicode11Addon }) => {
    terminal.loadAddon(new Unicode11Addon());
    terminal.unicode.activeVersion = "11";
  }).catch(() => {
    widths = null; // the network failed: the older table is better than no output
  });
  await widths;
}

function style(container, isDense) {
  const root = getComputedStyle(document.documentElement);
  const fontFamily = root.getPropertyValue("--monospace");
  const fontSize = parseFloat(root.getPropertyValue("--code"));
  const line = parseFloat(root.getPropertyValue("--code-line"));
  const [text, quiet, stop, accent, selection, surface] =
    colours("text", "quiet", "stop", "accent", "selection", "surface");
  return {
    fontFamily,
    fontSize,
    lineHeight: isDense ? 1 : line / naturalHeight(container, fontFamily, fontSize),
    theme: {
      ...ANSI[isDark() ? "dark" : "light"],
      background: surface,
      foreground: text,
      cursor: accent,
      cursorAccent: surface,
      selectionBackground: selection,
      overviewRulerBorder: surface,
      extendedAnsi: extendedPalette({ stderr: stop, compile: stop, typed: quiet }),
    },
  };
}

/** The height of a row as xterm.js measures it, of which its lines are a multiple. */
function naturalHeight(container, fontFamily, fontSize) {
  const probe = document.createElement("span");
  probe.textContent = "W";
  Object.assign(probe.style, { position: "absolute", visibility: "hidden", lineHeight: "normal", fontFamily, fontSize: `${fontSize}px` });
  container.append(probe);
  const height = probe.offsetHeight;
  probe.remove();
  return height || fontSize * 1.2;
}
