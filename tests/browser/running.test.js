// Programs that are run, answered and stopped.

import assert from "node:assert/strict";
import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open } = setUp();

/** The colour of the first character of `text` on the screen. */
function colourOf(page, text) {
  return page.tab.evaluate((wanted) => {
    const span = [...document.querySelectorAll(".xterm-rows span")].find((part) => part.textContent.includes(wanted));
    return span && getComputedStyle(span).color;
  }, text);
}

const token = (page, name) => page.tab.evaluate((wanted) => {
  const probe = document.createElement("i");
  probe.style.color = `var(--${wanted})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}, name);

test("a program with two prompts is answered in the page", async () => {
  const page = await open();
  await page.run('first = input("First name? ")\nlast = input("Last name? ")\nprint(f"Hello, {first} {last}.")\n');
  await page.screenShows("First name?");
  await page.answer("Ada");
  await page.screenShows("Last name?");
  await page.answer("Lovelace");
  await page.statusSays(/^Finished exit 0 [\d.]+ s \d+ MB$/);
  await page.screenIs("First name? Ada\nLast name? Lovelace\nHello, Ada Lovelace.");
  assert.equal(await colourOf(page, "Ada"), await token(page, "quiet"), "what was typed has another shade");
});

test("error output has its colour, and a mark at the edge", async () => {
  const page = await open();
  await page.run('import sys\nprint("plain")\nprint("wrong", file=sys.stderr)\n');
  await page.statusSays(/^Finished/);
  await page.screenShows("wrong");
  await page.screenShows("plain");
  assert.equal(await colourOf(page, "wrong"), await token(page, "stop"));
  assert.notEqual(await colourOf(page, "plain"), await token(page, "stop"));
  await page.until((count) => count === 1, () => page.locator(".stderr-marks > i").count(), "one mark");
  const [mark, row] = await Promise.all([page.locator(".stderr-marks > i").boundingBox(), page.locator(".xterm-rows > div", { hasText: "wrong" }).boundingBox()]);
  assert.ok(mark.y >= row.y && mark.y + mark.height <= row.y + row.height, "the mark is beside its row");
});

test("Stop ends an endless loop", async () => {
  const page = await open();
  await page.run("while True: pass\n");
  await page.statusSays(/^Running/);
  assert.equal(await page.locator("#run-word").innerText(), "Stop");
  await page.locator("#run").click();
  await page.statusSays(/^Stopped [\d.]+ s/);
  assert.equal(await page.locator("#run-word").innerText(), "Run");
});

test("ctrl-C interrupts, as in any terminal", async () => {
  const page = await open();
  await page.run('import time\nprint("sleeping", flush=True)\ntime.sleep(60)\n');
  await page.screenShows("sleeping");
  await page.type("");
  await page.tab.keyboard.press("Control+c");
  await page.screenShows("KeyboardInterrupt");
  await page.statusSays(/^(Interrupted|Ended)/);
});

test("the end of input is sent by its key and by its button", async () => {
  const page = await open();
  const sorted = 'import sys\nprint(*sorted(sys.stdin.read().split()))\n';
  await page.run(sorted);
  await page.statusSays(/^Running/);
  await page.answer("pear");
  await page.answer("apple");
  await page.tab.keyboard.press("Control+d");
  await page.screenShows("apple pear");
  await page.statusSays(/^Finished/);

  await page.locator("#run").click();
  await page.statusSays(/^Running/);
  await page.type("one line without its end");
  await page.locator("#end-of-input").click();
  await page.screenShows("end its line one without");
});

test("the line is edited before it is sent", async () => {
  const page = await open();
  await page.run('print(ascii(input("> ")))\n');
  await page.screenShows(">");
  await page.type("Adx");
  for (const key of ["Backspace", "a", "Home", "Delete", "E", "End", " ", "ü", "界", "ArrowLeft", "!"]) await page.tab.keyboard.press(key === "ü" || key === "界" ? "End" : key);
  await page.tab.keyboard.insertText("界");
  await page.tab.keyboard.press("Enter");
  await page.statusSays(/^Finished/);
  await page.screenIs(/'Eda! \\u754c'|'Eda!\\u754c '/);
});

test("a line longer than the pane is wrapped, and edited at its other end", async () => {
  const page = await open({ phone: true });
  const digits = "0123456789".repeat(12);
  await page.run('print("\\n" * 40)\nline = input("at the bottom of the pane> ")\nprint(len(line), line[:3], line[-3:])\n');
  await page.screenShows("pane>");
  await page.type(digits);
  await page.tab.keyboard.press("Home");
  await page.tab.keyboard.type("ab");
  await page.tab.keyboard.press("End");
  await page.tab.keyboard.press("Backspace");
  await page.tab.keyboard.type("z");
  const typed = `ab${digits.slice(0, -1)}z`;
  await page.until((screen) => screen.replaceAll("\n", "").endsWith(`pane> ${typed}`), () => page.screen(), "the line, once");
  await page.tab.keyboard.press("Enter");
  await page.screenShows("122 ab0 78z");
  assert.equal((await page.screen()).split("pane>").length, 2, "nothing of the line is left behind");
});

test("a line that is being typed stays below output that arrives", async () => {
  const page = await open();
  await page.run('import threading, time\ndef tick():\n    for i in range(4):\n        time.sleep(0.4)\n        print("tick", i, flush=True)\nthread = threading.Thread(target=tick)\nthread.start()\nline = input()\nthread.join()\nprint("got", line)\n');
  await page.statusSays(/^Running/);
  await page.type("hello");
  await page.screenShows("tick 3");
  await page.screenIs("tick 0\ntick 1\ntick 2\ntick 3\nhello");
  await page.answer(" there");
  await page.screenShows("got hello there");
});

test("several lines are pasted at once", async () => {
  const page = await open();
  await page.run('print(input(), input(), input())\n');
  await page.statusSays(/^Running/);
  await page.tab.evaluate(() => navigator.clipboard.writeText("one\ntwo\nthree\n"));
  await page.type("");
  await page.tab.keyboard.press("Control+v");
  await page.screenShows("one two three");
});

test("a hint says that the program may be waiting", async () => {
  const page = await open();
  await page.run("input()\n");
  await page.until((text) => text.includes("may be waiting for input"), () => page.locator("#hint").innerText(), "the hint");
  assert.match(await page.locator("#hint").innerText(), /Ctrl D/);
  await page.type("x");
  assert.ok(await page.locator("#hint").isHidden());
});

test("a limit is named, with what to do about it", async () => {
  const page = await open();
  await page.run('held = []\nwhile True: held.append(bytearray(10_000_000))\n');
  await page.statusSays(/^Stopped at the memory limit of 256 MB .*Keep less/);
});

test("a run that was asked for by keys from the editor gives the focus back", async () => {
  const page = await open();
  await page.write("print(1)\n");
  await page.tab.keyboard.press("Control+Enter");
  await page.statusSays(/^Finished/);
  assert.ok(await page.tab.evaluate(() => document.activeElement.classList.contains("cm-content")));
});
