// How the terminal tells kinds of text apart. Each kind has a colour of the 256-colour palette that is its own, so that
// the screen itself says what is what: the marks at the edge, the links and the text for screen readers read it there,
// and a change from light to dark recolours what is already written.

const PALETTE = { stderr: 52, compile: 53, typed: 54 };
/** The palette's first 16 colours have options of their own in xterm.js. */
const FIRST_EXTENDED = 16;

/** The escape sequence that begins a text of `kind`. */
export function beginning(kind) {
  return kind in PALETTE ? `\x1b[38;5;${PALETTE[kind]}m` : "";
}

/** The escape sequence that ends it. */
export function ending(kind) {
  return kind in PALETTE ? "\x1b[39m" : "";
}

/** The kind of the text in a cell of xterm.js's buffer: stderr, compile, typed or null. */
export function kindOf(cell) {
  if (!cell?.isFgPalette()) return null;
  const colour = cell.getFgColor();
  return Object.keys(PALETTE).find((kind) => PALETTE[kind] === colour) ?? null;
}

/** xterm.js's `extendedAnsi`: its own colours, with those of the kinds in their places. */
export function extendedPalette(colourOfKind) {
  const palette = [];
  const steps = [0, 95, 135, 175, 215, 255];
  for (const red of steps) for (const green of steps) for (const blue of steps) palette.push(`rgb(${red}, ${green}, ${blue})`);
  for (let grey = 8; grey <= 238; grey += 10) palette.push(`rgb(${grey}, ${grey}, ${grey})`);
  for (const [kind, index] of Object.entries(PALETTE)) palette[index - FIRST_EXTENDED] = colourOfKind[kind];
  return palette;
}
