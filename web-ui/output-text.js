// The terminal's text for screen readers, which cannot read its grid of cells. Brought up to date when output pauses.

import { readLine, rowsOfLine } from "./screen-lines.js";
import { showsErrorOutput } from "./stderr-marks.js";

const PAUSE = 400;

/** Keeps `region` saying what `terminal` shows. `writer` tells when something was drawn. */
export function attachOutputText(terminal, writer, region) {
  let timer = null;
  writer.addEventListener("drawn", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { region.textContent = textOf(terminal); }, PAUSE);
  });
}

function textOf(terminal) {
  const buffer = terminal.buffer.active;
  const lines = [];
  for (let row = 0; row < buffer.length;) {
    const [first, last] = rowsOfLine(buffer, row);
    const mark = showsErrorOutput(buffer.getLine(first)) ? "error output: " : "";
    lines.push(mark + plainText(buffer, first, last));
    row = last + 1;
  }
  return lines.join("\n").trimEnd();
}

function plainText(buffer, first, last) {
  if (first === last) return buffer.getLine(first).translateToString(true);
  return readLine(buffer, first, last).text;
}
