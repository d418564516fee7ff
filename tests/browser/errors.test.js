// Errors: those of programs, and those of the server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open } = setUp();

const NO_SEMICOLON = '#include <stdio.h>\n\nint main(void) {\n    puts("one")\n    return 0;\n}\n';

const markedLines = (page) => page.locator(".marked-line").allInnerTexts();

test("a compile error marks its line, and its place is a link", async () => {
  const page = await open();
  await page.chooseLanguage("C");
  await page.run(NO_SEMICOLON);
  await page.statusSays(/^Did not compile/);
  await page.screenShows("main.c:4:");
  assert.deepEqual(await markedLines(page), ['    puts("one")']);

  await page.locator("#divider").focus();
  const place = await positionOf(page, "main.c:4:");
  await page.tab.mouse.move(place.x, place.y);
  await page.tab.waitForTimeout(300);
  await page.tab.mouse.click(place.x, place.y);
  await page.until((text) => text === '    puts("one")', () => page.locator(".cm-activeLine").innerText(), "the cursor in line 4");
  assert.ok(await page.tab.evaluate(() => document.activeElement.classList.contains("cm-content")));

  await page.tab.keyboard.press("End");
  await page.tab.keyboard.type(";");
  assert.deepEqual(await markedLines(page), [], "the mark goes with an edit of its line");
});

test("the place of a compile error is reached with the keyboard", async () => {
  const page = await open();
  await page.chooseLanguage("C");
  await page.run(NO_SEMICOLON);
  await page.statusSays(/^Did not compile/);
  const action = page.locator("#status-action");
  assert.equal(await action.innerText(), "Go to line 4");
  await action.focus();
  await page.tab.keyboard.press("Enter");
  assert.equal(await page.locator(".cm-activeLine").innerText(), '    puts("one")');
});

test("a traceback marks the line where it happened", async () => {
  const page = await open();
  await page.chooseLanguage("Python");
  await page.run('print("before")\n\nraise ValueError("x")\n');
  await page.statusSays(/^Ended with an error exit 1/);
  assert.deepEqual(await markedLines(page), ['raise ValueError("x")']);
});

test("an edit elsewhere keeps the mark on its line", async () => {
  const page = await open();
  await page.run('print("before")\n\nraise ValueError("x")\n');
  await page.statusSays(/^Ended/);
  await page.locator(".cm-line").first().click();
  await page.tab.keyboard.press("Home");
  await page.tab.keyboard.press("Enter");
  assert.deepEqual(await markedLines(page), ['raise ValueError("x")']);
});

test("what the server refuses is said in words", async () => {
  const page = await open();
  await page.run(`#${"x".repeat(9 << 20)}\n`);
  await page.statusSays(/^The program is too long for the server$/);
  assert.equal(await page.locator("#run-word").innerText(), "Run");
});

test("nothing of a program or a language is taken as HTML", async () => {
  const page = await open();
  await page.run('print("<img src=x onerror=alert(1)><b>bold</b>")\n');
  await page.statusSays(/^Finished/);
  await page.screenShows("<b>bold</b>");
  assert.equal(await page.locator(".xterm-rows b, .xterm-rows img, #output-text b").count(), 0);
});

/** The middle of `text` on the screen. */
function positionOf(page, text) {
  return page.tab.evaluate((wanted) => {
    for (const row of document.querySelectorAll(".xterm-rows > div")) {
      const at = row.textContent.indexOf(wanted);
      if (at === -1) continue;
      const { x, y, height } = row.getBoundingClientRect();
      const width = row.querySelector("span").getBoundingClientRect().width / row.querySelector("span").textContent.length;
      return { x: x + (at + wanted.length / 2) * width, y: y + height / 2 };
    }
    throw new Error(`${wanted} is not on the screen`);
  }, text);
}
