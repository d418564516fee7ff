// The editor's looks, in the style sheet's tokens.

import { EditorView, HighlightStyle, syntaxHighlighting, tags } from "./vendor/editor.js";

const frame = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--page)", fontSize: "var(--code)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--monospace)", lineHeight: "var(--code-line)", overscrollBehavior: "contain" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 16px 0 8px" },
  ".cm-gutters": { backgroundColor: "var(--page)", color: "var(--quiet)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "40px", padding: "0 8px 0 12px" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent" },
  ".cm-cursor": { borderLeft: "2px solid var(--accent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selection)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selection)", color: "inherit", outline: "1px solid var(--edge)" },
  "&.cm-focused .cm-nonmatchingBracket": { color: "var(--stop)" },
  ".cm-line.marked-line": { backgroundColor: "var(--marked-line)", boxShadow: "inset 2px 0 0 0 var(--stop)" },
  ".cm-gutterElement.marked-number": { color: "var(--stop)", fontWeight: "700" },
  ".cm-panels": { backgroundColor: "var(--surface)", color: "var(--text)" },
  ".cm-panels-bottom": { borderTop: "1px solid var(--rule)" },
  ".cm-panel.cm-search": { padding: "8px 32px 8px 12px", fontFamily: "var(--interface)", fontSize: "var(--small)" },
  ".cm-panel.cm-search label": {
    display: "inline-flex", alignItems: "center", height: "24px", fontSize: "var(--small)", verticalAlign: "middle",
  },
  ".cm-panel.cm-search input[type=checkbox]": { accentColor: "var(--accent)" },
  ".cm-panel.cm-search [name=close]": { width: "24px", height: "24px", padding: "0", top: "8px", right: "8px", fontSize: "var(--normal)" },
  ".cm-textfield": {
    verticalAlign: "middle", height: "24px", padding: "0 8px", border: "1px solid var(--edge)", borderRadius: "4px", backgroundColor: "var(--page)",
    color: "var(--text)", fontSize: "var(--small)",
  },
  ".cm-button": {
    verticalAlign: "middle", height: "24px", padding: "0 8px", border: "none", borderRadius: "4px", backgroundImage: "none", backgroundColor: "var(--hover)",
    color: "var(--text)", fontSize: "var(--small)",
  },
  ".cm-searchMatch": { backgroundColor: "var(--selection)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--selection)", outline: "2px solid var(--accent)" },
});

const colouring = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword, tags.self], color: "var(--syntax-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.character, tags.escape], color: "var(--syntax-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom, tags.constant(tags.name)], color: "var(--syntax-number)" },
  {
    tag: [tags.typeName, tags.className, tags.namespace, tags.macroName, tags.definition(tags.function(tags.variableName)),
      tags.definition(tags.function(tags.propertyName)), tags.standard(tags.name), tags.tagName],
    color: "var(--syntax-name)",
  },
  { tag: [tags.meta, tags.processingInstruction, tags.annotation], color: "var(--syntax-number)" },
  { tag: [tags.comment, tags.docComment], color: "var(--syntax-comment)", fontStyle: "italic" },
]);

export const editorStyle = [frame, syntaxHighlighting(colouring)];
