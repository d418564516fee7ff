// Modules that know nothing of the screen, on their own, in the browser that they are for.

import assert from "node:assert/strict";
import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open } = setUp();

const ESC = "\x1b";

/** What is typed; the line before the cursor, the line, and what it meant. */
const EDITS = [
  ["abc", "abc", "abc", []],
  [`abc${ESC}[D${ESC}[Dx`, "ax", "axbc", []],
  [`abc${ESC}OD\x7f`, "a", "ac", []],
  [`abc${ESC}[H${ESC}[3~x${ESC}[F!`, "xbc!", "xbc!", []],
  ["two words\x17", "two ", "two ", []],
  ["all of it\x15x", "x", "x", []],
  ["a🐢\x7f", "a", "a", []],
  [`a${ESC}[?1;2cb${ESC}[12;3Rc`, "abc", "abc", []],
  ["a\x07\x1fb\tc", "ab\tc", "ab\tc", []],
  ["one\rtwo\r\nthree", "three", "three", [{ type: "line", text: "one" }, { type: "line", text: "two" }]],
  ["\x04", "", "", [{ type: "end-of-input" }]],
  ["x\x04", "x", "x", []],
  ["x\x03", "x", "x", [{ type: "interrupt" }]],
];

test("keys edit the line as they do in a terminal", async () => {
  const page = await open();
  const found = await page.tab.evaluate(async (typed) => {
    const { LineEditor } = await import("/line-editor.js");
    return typed.map((keys) => {
      const line = new LineEditor();
      const meanings = [...line.feed(keys)];
      return [keys, line.beforeCursor, line.text, meanings];
    });
  }, EDITS.map(([keys]) => keys));
  assert.deepEqual(found, EDITS);
});

const LIMITS = {
  compile: { wallTime: 30, cpuTime: 30, memory: 268435456, output: 262144 },
  run: { wallTime: 300, cpuTime: 10, memory: 268435456, output: 67108864 },
  processes: 64,
};

const OUTCOMES = [
  [{ status: "success", exitCode: 0, time: 0.041, memory: 9437184 }, "Finished | exit 0 0.04 s 9 MB |"],
  [{ status: "runtime-error", exitCode: 7, time: 12.34, memory: 1000 }, "Ended with an error | exit 7 12.3 s under 1 MB |"],
  [{ status: "signaled", exitCode: null, signal: "SIGSEGV", time: 0 }, "Crashed | SIGSEGV, memory access that is not allowed 0.00 s |"],
  [{ status: "signaled", exitCode: null, signal: "SIGUSR1", time: 0 }, "Crashed | SIGUSR1 0.00 s |"],
  [{ status: "time-limit", timeLimit: "wall", time: 300 }, "Stopped at the time limit of 5 min | 300.0 s | If it waited for input, answer sooner; if not, look for a loop that does not end."],
  [{ status: "time-limit", timeLimit: "cpu", time: 11 }, "Stopped at the limit of 10 s of processor time | 11.0 s | Look for a loop that does not end, or give it less to do."],
  [{ status: "output-limit", truncated: true }, "Stopped at the output limit of 64 MB | | Print less, or look for a loop that does not end."],
  [{ status: "process-limit" }, "Stopped at the limit of 64 processes and threads | | Start fewer at a time, and wait for those that were started."],
  [{ status: "compile-error", time: 0, compile: { status: "runtime-error", exitCode: 1, time: 0.5, memory: 20971520 } }, "Did not compile | 0.50 s 20 MB |"],
  [{ status: "compile-error", time: 0, compile: { status: "time-limit", time: 30 } }, "The compiler was stopped at its time limit of 30 s | 30.0 s |"],
  [{ status: "cancelled", time: 2 }, "Stopped | 2.00 s |"],
  [{ status: "internal-error" }, "The server could not run it | | Your code is kept. Try again."],
];

test("every end of a run has its words", async () => {
  const page = await open();
  const found = await page.tab.evaluate(async ([outcomes, limits]) => {
    const { outcomeWords } = await import("/words.js");
    return outcomes.map((outcome) => {
      const { text, facts, advice } = outcomeWords(outcome, limits);
      return [text, facts.join(" "), advice].join(" | ").replace(/ {2,}/g, " ").trim();
    });
  }, [OUTCOMES.map(([outcome]) => outcome), LIMITS]);
  assert.deepEqual(found, OUTCOMES.map(([, words]) => words));
});

test("a link's program is bounded, and what is broken is refused", async () => {
  const page = await open();
  const found = await page.tab.evaluate(async () => {
    const { linkTo, readFragment } = await import("/share-link.js");
    const fragmentOf = async (code) => new URL(await linkTo("http://x/", "c++", code)).hash;
    return [
      await readFragment(await fragmentOf("żółw 🐢\n")),
      await readFragment(await fragmentOf("")),
      await readFragment(await fragmentOf("x".repeat(2 << 20))),
      await readFragment("#l=python&c=AAAA"),
      await readFragment("#l=python"),
      await readFragment(""),
    ];
  });
  assert.deepEqual(found, [{ language: "c++", code: "żółw 🐢\n" }, { language: "c++", code: "" }, null, null, null, null]);
});

test("places of errors are found in every language's sample of a message", async () => {
  const page = await open();
  const found = await page.tab.evaluate(async () => {
    const { bestPlace, placePatterns } = await import("/error-places.js");
    const languages = await (await fetch("/languages?detail=true")).json();
    const unread = languages.filter((language) => placePatterns(language).length !== language.locations.length).map(({ key }) => key);
    const c = languages.find(({ key }) => key === "c");
    const place = bestPlace("other.h:1:2: error: x\nmain.c:4:12: error: y\nmain.c:9:1: error: z\n", placePatterns(c), c.source);
    return { unread, place };
  });
  assert.deepEqual(found, { unread: [], place: { line: 4, column: 12 } });
});
