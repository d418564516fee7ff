// The editor: CodeMirror with the page's looks, keys and modes.

import { indentationOf, loadMode } from "./editor-modes.js";
import { editorStyle } from "./editor-style.js";
import { markLine, markedLines } from "./marked-lines.js";
import { nonce } from "./nonce.js";
import { typingOver } from "./typing-over.js";
import {
  Compartment, EditorState, EditorView, bracketMatching, closeBrackets, closeBracketsKeymap, defaultKeymap, drawSelection,
  highlightActiveLine, highlightActiveLineGutter, history, historyKeymap, indentOnInput, indentUnit, indentWithTab, isolateHistory,
  keymap, lineNumbers,
} from "./vendor/editor.js";

export class Editor {
  #view;
  #extensions;
  #mode = new Compartment();
  #search = new Compartment();
  #language = null;

  /** @param changed is called after each change of the text */
  constructor(parent, changed) {
    this.#extensions = [
      EditorView.cspNonce.of(nonce),
      EditorView.contentAttributes.of({ "aria-label": "Program", tabindex: "0" }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed();
      }),
      EditorState.allowMultipleSelections.of(true),
      lineNumbers(), markedLines, highlightActiveLine(), highlightActiveLineGutter(), drawSelection(), history(),
      bracketMatching(), closeBrackets(), indentOnInput(), typingOver, editorStyle,
      keymap.of([
        { key: "Mod-Enter", run: () => true }, // the page's own
        { key: "Mod-f", run: (view) => this.#openSearch(view) },
        ...closeBracketsKeymap, ...historyKeymap, indentWithTab, ...defaultKeymap,
      ]),
      this.#search.of([]),
    ];
    this.#view = new EditorView({ parent, state: EditorState.create({ extensions: this.#extensions }) });
  }

  get text() {
    return this.#view.state.doc.toString();
  }

  /** Shows another program: what was done to the last one cannot be undone in it. */
  async open(language, text) {
    this.#language = language.key;
    const indentation = indentUnit.of(indentationOf(language.sample));
    this.#view.setState(EditorState.create({
      doc: text,
      extensions: [...this.#extensions, this.#mode.of([]), indentation, EditorState.tabSize.of(4)],
    }));
    const mode = await loadMode(language.editor);
    if (this.#language === language.key) this.#view.dispatch({ effects: this.#mode.reconfigure(mode) });
  }

  /** Replaces the text; undo brings it back. */
  replace(text) {
    const changes = { from: 0, to: this.#view.state.doc.length, insert: text };
    this.#view.dispatch({ changes, annotations: isolateHistory.of("full"), scrollIntoView: true });
  }

  focus() {
    this.#view.focus();
  }

  /** Marks a line without going there. Null takes the mark away. */
  mark(line) {
    markLine(this.#view, line);
  }

  /** Marks the line and sets the cursor there. Columns count from 1. */
  goTo({ line, column }) {
    const { doc } = this.#view.state;
    const { from, to } = doc.line(Math.min(Math.max(1, line), doc.lines));
    this.mark(line);
    this.#view.dispatch({
      selection: { anchor: Math.min(to, from + Math.max(0, (column ?? 1) - 1)) },
      effects: EditorView.scrollIntoView(from, { y: "center" }),
    });
    this.focus();
  }

  /** Searching is loaded when it is asked for. */
  #openSearch(view) {
    import("./vendor/search.js").then(({ openSearchPanel, search, searchKeymap }) => {
      if (this.#search.get(view.state).length === 0) {
        view.dispatch({ effects: this.#search.reconfigure([search(), keymap.of(searchKeymap)]) });
      }
      openSearchPanel(view);
    }).catch(() => {}); // the network failed: the key can be pressed again
    return true;
  }
}
