// Reading xterm.js's buffer: a line of text may be wrapped over several rows of the screen.

/** The rows `[first, last]` of the line that `row` belongs to. */
export function rowsOfLine(buffer, row) {
  let first = row;
  let last = row;
  while (first > 0 && buffer.getLine(first)?.isWrapped) first -= 1;
  while (buffer.getLine(last + 1)?.isWrapped) last += 1;
  return [first, last];
}

/**
 * The text of the line in the rows from `first` to `last`, and of each of its UTF-16 units the cell that shows it:
 * `{ text, cells: [{ row, column, cell }] }`, rows and columns from 0.
 */
export function readLine(buffer, first, last) {
  let text = "";
  const cells = [];
  for (let row = first; row <= last; row += 1) {
    const line = buffer.getLine(row);
    for (let column = 0; column < line.length; column += 1) {
      const cell = line.getCell(column);
      if (cell.getWidth() === 0) continue; // the second half of a wide character
      const characters = cell.getChars() || " ";
      text += characters;
      for (let unit = 0; unit < characters.length; unit += 1) cells.push({ row, column, cell });
    }
  }
  return { text: text.trimEnd(), cells };
}
