// A mark at the left edge of each row that shows error output, for those who do not see its colour.

import { kindOf } from "./text-kinds.js";

/** Adds the marks beside `terminal` to `container`. */
export function attachStderrMarks(terminal, container) {
  const column = document.createElement("div");
  column.className = "stderr-marks";
  column.setAttribute("aria-hidden", "true");
  container.append(column);

  const draw = () => {
    const height = (container.querySelector(".xterm-screen")?.clientHeight ?? 0) / terminal.rows;
    const rows = markedRows(terminal);
    while (column.children.length < rows.length) column.append(document.createElement("i"));
    while (column.children.length > rows.length) column.lastChild.remove();
    rows.forEach((row, index) => {
      column.children[index].style.top = `${row * height + 2}px`;
      column.children[index].style.height = `${height - 4}px`;
    });
  };
  terminal.onRender(draw);
  terminal.onResize(draw);
}

/** The rows on the screen with error output. */
function markedRows(terminal) {
  const buffer = terminal.buffer.active;
  const rows = [];
  for (let row = 0; row < terminal.rows; row += 1) {
    if (showsErrorOutput(buffer.getLine(buffer.viewportY + row))) rows.push(row);
  }
  return rows;
}

export function showsErrorOutput(line) {
  let cell;
  for (let column = 0; column < (line?.length ?? 0); column += 1) {
    cell = line.getCell(column, cell);
    const kind = kindOf(cell);
    if (kind === "stderr" || kind === "compile") return true;
  }
  return false;
}
