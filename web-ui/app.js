// The page: makes its parts and connects them.

import { KeyDialog, keyProtocols } from "./api-key.js";
import { CodeStore } from "./code-store.js";
import { Connection } from "./connection.js";
import { attachDivider } from "./divider.js";
import { Editor } from "./editor.js";
import { linkPlaces, placePatterns } from "./error-places.js";
import { attachKeys, attachTerminalKeys, buttonKeys, showKeys } from "./keys.js";
import { LanguageList } from "./language-list.js";
import { Languages } from "./languages.js";
import { LineEditor } from "./line-editor.js";
import { attachOutputText } from "./output-text.js";
import { recall, remember } from "./preferences.js";
import { ProgramInput } from "./program-input.js";
import { ReceivedOutput } from "./received-output.js";
import { RunControl } from "./run-control.js";
import { attachShare } from "./share.js";
import { readFragment } from "./share-link.js";
import { StatusLine } from "./status-line.js";
import { attachStderrMarks } from "./stderr-marks.js";
import { TerminalWriter } from "./terminal-writer.js";
import { KEPT_LINES, createTerminal, isFull } from "./terminal.js";
import { attachTheme } from "./theme.js";
import { attachVisibleHeight } from "./visible-height.js";
import { imageWords } from "./words.js";

/** Milliseconds without the server. */
const AWAY = 1_500;

const byId = (id) => document.getElementById(id);
const narrow = matchMedia("(max-width: 899px)");

const languages = new Languages();
const store = new CodeStore();
const status = new StatusLine();
const received = new ReceivedOutput();
let language = null;
let isIdle = true;
let saidAway = false;
let needsKey = false;
let awayTimer = null;

const editor = new Editor(byId("editor"), () => {
  store.save(language, editor.text);
  showSampleButtons();
});
const terminal = createTerminal(byId("terminal"));
const line = new LineEditor();
const writer = new TerminalWriter(terminal, line, KEPT_LINES);
const input = new ProgramInput(terminal, line, writer);
const list = new LanguageList(languages, (key) => {
  leaveLink();
  choose(languages.find(key));
  editor.focus();
});

const connection = new Connection(new URL("ws", location.href.replace(/^http/, "ws").replace(/#.*/, "")), keyProtocols);
const keyDialog = new KeyDialog(() => {
  needsKey = false;
  connection.retryNow();
});
const runs = new RunControl({
  connection, editor, terminal, writer, input, received, status,
  keys: buttonKeys,
  language: () => language,
  began: () => { isIdle = false; },
  lost: () => { saidAway = true; },
  wantsTty: () => byId("tty").getAttribute("aria-pressed") === "true",
});

/** Shows `chosen` with the person's own program. */
function choose(chosen) {
  show(chosen, store.open(chosen));
}

function show(chosen, code) {
  language = chosen;
  remember("language", chosen.key);
  languages.noteUse(chosen.key);
  list.setCurrent(chosen);
  byId("file-name").textContent = chosen.source;
  byId("tty").setAttribute("aria-pressed", String(recall(`tty.${chosen.key}`, false)));
  editor.open(chosen, code);
  for (const id of ["tty", "share", "run"]) byId(id).disabled = false;
  showSampleButtons();
  if (!runs.isRunning) sayIdle();
}

function showSampleButtons() {
  const isSample = !language.sample || editor.text === language.sample;
  byId("sample").hidden = isSample;
  byId("sample-narrow").hidden = isSample;
}

function putSampleBack() {
  byId("language-popover").hidePopover();
  editor.replace(language.sample);
  editor.focus();
}

/** What is true while nothing runs and nothing has been run. */
function sayIdle() {
  isIdle = true;
  if (!connection.isOpen) status.say({ tone: "quiet", text: "Connecting" });
  else if (language === null) status.say({ tone: "quiet", text: "Loading" });
  else if (language.image.usable) status.say({ tone: "quiet", text: "Ready" });
  else status.say(imageWords(language));
}

/** Opens the program of the page's link, if it has one; the person's own otherwise. Nothing is run. */
async function openLink() {
  const link = location.hash;
  const shared = await readFragment(link);
  const wanted = shared && languages.find(shared.language);
  if (wanted) {
    show(wanted, store.openLink(link, shared.code));
    const action = store.own(wanted) === null ? null : { label: "Back to my program", act: backFromLink };
    sayAboutLink({ tone: "quiet", text: "Opened from a link", advice: "Read it before you run it.", action });
    return;
  }
  choose(language);
  if (shared) sayAboutLink({ tone: "failure", text: "The link is for a language that this server does not have" });
  else if (link.includes("c=")) sayAboutLink({ tone: "failure", text: "The link is damaged", advice: "Nothing of it could be read." });
}

function sayAboutLink(words) {
  isIdle = false;
  status.say(words);
}

function backFromLink() {
  leaveLink();
  choose(language);
}

function leaveLink() {
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
}

async function begin() {
  const { all } = languages;
  if (all.length === 0 || language !== null) return;
  language = languages.find(recall("language")) ?? all[0];
  await openLink();
}

languages.addEventListener("change", () => {
  if (language === null) {
    begin();
    return;
  }
  const known = languages.find(language.key);
  if (known === null) {
    choose(languages.all[0]);
    return;
  }
  language = known;
  list.setCurrent(language);
  if (isIdle && !runs.isRunning) sayIdle();
});

connection.addEventListener("open", () => {
  languages.refresh().catch(() => status.say({ tone: "failure", text: "The list of languages could not be read", advice: "Load the page again." }));
  clearTimeout(awayTimer);
  awayTimer = null;
  if (!runs.isRunning && (isIdle || saidAway)) sayIdle();
  saidAway = false;
});
connection.addEventListener("close", () => {
  if (!runs.isRunning && !saidAway) awayTimer ??= setTimeout(sayAway, AWAY);
});

connection.addEventListener("failed", async () => {
  if (needsKey || !(await keyDialog.isNeeded())) return;
  needsKey = true;
  connection.hold();
  status.say({ tone: "failure", text: "This server needs a key", action: { label: "Enter key", act: () => keyDialog.ask() } });
  keyDialog.ask();
});

/** A connection that is back at once is not worth a word. */
function sayAway() {
  if (runs.isRunning || needsKey) return;
  saidAway = true;
  status.say({
    tone: "failure", text: "The server is away", advice: "Your code is kept, and the page goes on trying.",
    action: { label: "Try now", act: () => connection.retryNow() },
  });
}
linkPlaces(terminal, {
  patterns: () => (language ? placePatterns(language) : []),
  source: () => language?.source,
  go: (place) => editor.goTo(place),
});
attachStderrMarks(terminal, byId("terminal"));
attachOutputText(terminal, writer, byId("output-text"));
attachDivider(byId("divider"), byId("panes"), narrow);
attachTheme(byId("theme"), () => terminal.restyle());
attachShare(() => ({ language: language.key, code: editor.text }), status);
attachVisibleHeight();
writer.showCursor(false);
attachTerminalKeys(terminal, { runs: () => runs.isRunning, hasTty: () => writer.keepsAll });
attachKeys({
  run: () => runs.run(),
  stop: () => runs.stop(),
  otherPane: () => (byId("editor").contains(document.activeElement) ? terminal : editor).focus(),
});
showKeys(byId("help-keys"));

terminal.onRender(() => { byId("dropped-notice").hidden = !isFull(terminal); });
narrow.addEventListener("change", () => terminal.restyle());
addEventListener("hashchange", () => {
  if (!runs.isRunning && location.hash) openLink();
});
byId("editor").addEventListener("focusin", () => {
  if (!runs.isRunning) byId("panes").toggleAttribute("data-terminal-first", false);
});
byId("skip-link").addEventListener("click", (event) => {
  event.preventDefault();
  editor.focus();
});
byId("sample").addEventListener("click", putSampleBack);
byId("sample-narrow").addEventListener("click", putSampleBack);
byId("save-output").addEventListener("click", () => received.save(`${language.source}-output.txt`));
byId("tty").addEventListener("click", ({ currentTarget: button }) => {
  const wanted = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(wanted));
  remember(`tty.${language.key}`, wanted);
});

sayIdle();
begin();
