// Where a compiler's or an interpreter's message says that an error is: the languages' `locations` patterns, in text and
// as links on the terminal.

import { readLine, rowsOfLine } from "./screen-lines.js";
import { kindOf } from "./text-kinds.js";

/** The patterns of a language; those that this browser cannot read are left out. They come in Rust's notation. */
export function placePatterns(language) {
  return language.locations.flatMap((pattern) => {
    try {
      return [new RegExp(pattern.replaceAll("(?P<", "(?<"), "d")];
    } catch {
      return [];
    }
  });
}

/**
 * The place that says best where it failed, or null: earlier patterns go before later ones, whatever the order in `text`.
 * @returns {{ line: number, column: number | null } | null}
 */
export function bestPlace(text, patterns, source) {
  const lines = text.split("\n").map((line) => line.trimEnd());
  for (const pattern of patterns) {
    for (const line of lines) {
      const found = placeIn(line, pattern, source);
      if (found) return found.place;
    }
  }
  return null;
}

/** Makes the places in error output links; `go` is called with `{ line, column }`. */
export function linkPlaces(terminal, { patterns, source, go }) {
  return terminal.registerLinkProvider({
    provideLinks(bufferRow, callback) {
      const buffer = terminal.buffer.active;
      const { text, cells } = readLine(buffer, ...rowsOfLine(buffer, bufferRow - 1));
      const links = [];
      for (const pattern of patterns()) {
        const found = placeIn(text, pattern, source());
        if (!found || !isErrorOutput(cells[found.from].cell)) continue;
        links.push({
          text: text.slice(found.from, found.to),
          range: { start: position(cells[found.from]), end: position(cells[found.to - 1]) },
          activate: () => go(found.place),
        });
        break;
      }
      callback(links);
    },
  });
}

/** `{ place, from, to }` with the part of `line` that names the place, or null. */
function placeIn(line, pattern, source) {
  const match = pattern.exec(line);
  if (!match?.groups.line) return null;
  const { file, line: number, column } = match.groups;
  if (file !== undefined && baseName(file) !== source) return null;
  const spans = ["file", "line", "column"].map((name) => match.indices.groups[name]).filter(Boolean);
  return {
    place: { line: Number(number), column: column === undefined ? null : Number(column) },
    from: Math.min(...spans.map(([from]) => from)),
    to: Math.max(...spans.map(([, to]) => to)),
  };
}

function isErrorOutput(cell) {
  const kind = kindOf(cell);
  return kind === "stderr" || kind === "compile";
}

function baseName(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

function position({ row, column }) {
  return { x: column + 1, y: row + 1 };
}
