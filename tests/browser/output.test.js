// Much output: 10 MB neither freeze the page nor make it grow.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open } = setUp();

const LINES = 150_000;
/** 70 characters a line, 10.5 MB in all. */
const FLOOD = `import sys
for start in range(0, ${LINES}, 1000):
    sys.stdout.write("".join(f"line {i:07} " + "x" * 57 + "\\n" for i in range(start, start + 1000)))
print("the end")
`;

test("the last 5,000 lines of 10 MB are kept, and the page stays responsive", async () => {
  const page = await open();
  await page.tab.evaluate(() => {
    // The longest time for which the page could not have answered.
    window.longest = 0;
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      window.longest = Math.max(window.longest, now - last);
      last = now;
    }, 10);
  });
  await page.run(FLOOD);
  await page.screenShows("the end");
  await page.statusSays(/^Finished/);
  const longest = await page.tab.evaluate(() => window.longest);
  assert.ok(longest < 1000, `the page was not responsive for ${Math.round(longest)} ms`);

  assert.match(await page.locator("#dropped-notice").innerText(), /last 5,000 lines/);
  const text = await page.until((shown) => shown.endsWith("the end"), () => page.locator("#output-text").textContent(), "the output as text");
  const lines = text.split("\n");
  assert.ok(lines.length >= 5000 && lines.length < 5100, `${lines.length} lines are kept`);
  assert.equal(lines.at(-2).slice(0, 12), `line ${String(LINES - 1).padStart(7, "0")}`);
  const first = Number(lines[1].slice(5, 12));
  lines.slice(1, -1).forEach((line, index) => assert.equal(Number(line.slice(5, 12)), first + index));
});

test("Save output has all of it", async () => {
  const page = await open();
  await page.run(FLOOD);
  await page.screenShows("the end");
  await page.statusSays(/^Finished/);
  const [download] = await Promise.all([page.tab.waitForEvent("download"), page.locator("#save-output").click()]);
  assert.equal(download.suggestedFilename(), "main.py-output.txt");
  const lines = (await readFile(await download.path(), "utf8")).split("\n");
  assert.equal(lines.length, LINES + 2);
  assert.equal(lines[0].slice(0, 12), "line 0000000");
});

test("emoji are as wide as they are shown", async () => {
  const page = await open();
  await page.run('print("🐢|")\nprint(input("👋? "))\n');
  await page.screenShows("👋?");
  await page.answer("ok");
  await page.statusSays(/^Finished/);
  await page.screenIs("🐢|\n👋? ok\nok");
});
