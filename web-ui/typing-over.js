// Text that is typed over a selection. Left to itself, Chromium keeps the look of what it replaces by means of an inline
// style, which the page's Content-Security-Policy refuses and reports; so it is put in from here.

import { EditorView } from "./vendor/editor.js";

export const typingOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main, ranges } = view.state.selection;
    if (event.inputType !== "insertText" || !event.data || main.empty || ranges.length > 1 || view.composing) return false;
    event.preventDefault();
    const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler); // among them the one that puts brackets around a selection
    if (!handlers.some((handle) => handle(view, main.from, main.to, event.data, insert))) view.dispatch(insert());
    return true;
  },
});
