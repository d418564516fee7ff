// The editor's modes: what colours a language, loaded when the language is chosen.

/** Names of modes that another mode colours well. */
const LIKE = { bash: "shell", c: "cpp", "c#": "csharp", gas: "assembly", js: "javascript", mllike: "ocaml", nasm: "assembly", sh: "shell", ts: "typescript" };

const MODES = new Set([
  "assembly", "cpp", "csharp", "dart", "elixir", "fortran", "go", "haskell", "java", "javascript", "kotlin", "lua", "ocaml",
  "octave", "pascal", "perl", "php", "python", "r", "ruby", "rust", "scala", "shell", "sql", "swift", "typescript",
]);

/** CodeMirror's support for the mode, or nothing where none can be had: plain text then. */
export async function loadMode(name) {
  const mode = LIKE[name] ?? name;
  if (!MODES.has(mode)) return [];
  try {
    const { default: support } = await import(`./vendor/languages/${mode}.js`);
    return support();
  } catch {
    return []; // the network failed: the text can be edited all the same
  }
}

/** One step of indentation, as in `sample`: the first indented line's. */
export function indentationOf(sample) {
  const found = /^[^\S\n]+(?=[^\s*])/m.exec(sample ?? "")?.[0];
  if (!found) return "    ";
  return found.startsWith("\t") ? "\t" : found;
}
