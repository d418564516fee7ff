// Programs with a terminal of their own.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open } = setUp();

const FULL_SCREEN = `
import curses

def main(screen):
    curses.curs_set(0)
    rows, columns = screen.getmaxyx()
    screen.border()
    text = f"{columns} by {rows}"
    screen.addstr(rows // 2, (columns - len(text)) // 2, text, curses.A_REVERSE)
    screen.addstr(rows - 1, columns - 8, "corner")
    screen.refresh()
    return screen.getkey()

print("the key was", curses.wrapper(main))
`;

test("a full-screen program is drawn right", async () => {
  const page = await open();
  await page.locator("#tty").click();
  await page.run(FULL_SCREEN);
  await page.screenShows("corner");
  const rows = (await page.screen()).split("\n");
  const [, columns, height] = /(\d+) by (\d+)/.exec(rows.join("\n"));
  assert.equal(rows.length, Number(height), "it has all rows of the pane");
  assert.match(rows[0], /^┌─+┐$/);
  assert.equal(rows[0].length, Number(columns));
  assert.match(rows.at(-1), /^└─+corner.+$/);
  for (const row of rows.slice(1, -1)) assert.match(row, /^│.*│$/);
  await mkdir("artefacts", { recursive: true });
  await page.tab.screenshot({ path: "artefacts/full-screen.png" });
  await page.type("k");
  await page.screenShows("the key was k");
  await page.statusSays(/^Finished/);
});

test("the program learns the pane's size, and that it changed", async () => {
  const page = await open();
  await page.locator("#tty").click();
  await page.run('import os, signal\nsignal.signal(signal.SIGWINCH, lambda *_: print("size", os.get_terminal_size().columns, flush=True))\nprint("isatty", os.isatty(0), os.get_terminal_size().columns, flush=True)\nwhile True: signal.pause()\n');
  await page.screenShows("isatty True");
  const before = Number(/isatty True (\d+)/.exec(await page.screen())[1]);
  await page.locator("#divider").focus();
  for (let step = 0; step < 5; step += 1) await page.tab.keyboard.press("ArrowLeft");
  await page.screenShows("size");
  await page.until((after) => after > before, async () => Number(/.*size (\d+)/s.exec(await page.screen())[1]), "more columns");
  await page.type("");
  await page.tab.keyboard.press("Control+c");
  await page.screenShows("KeyboardInterrupt");
});

test("colours of programs come through, also those of 24 bits", async () => {
  const page = await open();
  await page.locator("#tty").click();
  await page.run('print("\\x1b[31mred\\x1b[0m \\x1b[38;2;10;20;200mblue\\x1b[0m \\x1b[48;2;255;240;0m\\x1b[38;2;0;0;0mback\\x1b[0m")\n');
  await page.statusSays(/^Finished/);
  await page.screenShows("back");
  const styleOf = (text, property) => page.tab.evaluate(([wanted, name]) => {
    const span = [...document.querySelectorAll(".xterm-rows span")].find((part) => part.textContent === wanted);
    return getComputedStyle(span)[name];
  }, [text, property]);
  assert.equal(await styleOf("blue", "color"), "rgb(10, 20, 200)");
  assert.equal(await styleOf("back", "backgroundColor"), "rgb(255, 240, 0)");
});

test("the choice of a terminal is remembered per language", async () => {
  const page = await open();
  await page.locator("#tty").click();
  await page.reload();
  assert.equal(await page.locator("#tty").getAttribute("aria-pressed"), "true");
  await page.chooseLanguage("JavaScript");
  assert.equal(await page.locator("#tty").getAttribute("aria-pressed"), "false");
});
