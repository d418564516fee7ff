// Lines of the editor that an error names. A mark goes when its line is edited.

import { Decoration, EditorView, GutterMarker, RangeSet, StateEffect, StateField, gutterLineClass } from "./vendor/editor.js";

const setMark = StateEffect.define(); // the number of a line, or null for none

const lineMark = Decoration.line({ class: "marked-line", attributes: { "aria-invalid": "true" } });

const numberMark = new class extends GutterMarker {
  elementClass = "marked-number";
}();

const marks = StateField.define({
  create: () => Decoration.none,
  update(before, transaction) {
    let after = before.map(transaction.changes);
    if (transaction.docChanged) after = after.update({ filter: (from) => !touches(transaction, from) });
    for (const effect of transaction.effects) {
      if (effect.is(setMark)) after = markOf(transaction.state.doc, effect.value);
    }
    return after;
  },
  provide: (field) => [
    EditorView.decorations.from(field),
    gutterLineClass.from(field, (set) => RangeSet.of(startsOf(set).map((from) => numberMark.range(from)))),
  ],
});

export const markedLines = marks;

export function markLine(view, line) {
  view.dispatch({ effects: setMark.of(line) });
}

function markOf(doc, number) {
  if (number === null || number < 1 || number > doc.lines) return Decoration.none;
  return Decoration.set(lineMark.range(doc.line(number).from));
}

function startsOf(set) {
  const starts = [];
  for (const cursor = set.iter(); cursor.value; cursor.next()) starts.push(cursor.from);
  return starts;
}

/** Whether the transaction changed the line that begins at `from` after it. */
function touches(transaction, from) {
  const line = transaction.state.doc.lineAt(from);
  let touched = false;
  transaction.changes.iterChangedRanges((_fromBefore, _toBefore, changedFrom, changedTo) => {
    touched ||= changedFrom <= line.to && changedTo >= line.from;
  });
  return touched;
}
