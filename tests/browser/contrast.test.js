// WCAG AA for every pair of colours that meet on the page: 4.5 : 1 for text, 3 : 1 for shapes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open } = setUp();

const TEXT = 4.5;
const SHAPE = 3;

const PAIRS = [
  ...["text", "quiet", "accent", "stop", "success"].flatMap((front) => ["page", "surface"].map((back) => [front, back, TEXT])),
  ...["syntax-keyword", "syntax-string", "syntax-number", "syntax-name", "syntax-comment"].flatMap((front) => [
    [front, "page", TEXT], [front, "marked-line", TEXT],
  ]),
  ["text", "marked-line", TEXT],
  ["text", "selection", TEXT],
  ["text", "hover", TEXT],
  ["accent", "hover", TEXT],
  ["quiet", "hover", TEXT],
  ["on-strong", "accent", TEXT],
  ["on-strong", "accent-hover", TEXT],
  ["on-strong", "stop", TEXT],
  ["on-strong", "stop-hover", TEXT],
  ["edge", "page", SHAPE],
  ["edge", "surface", SHAPE],
];

/** The sixteen colours that programs ask for by number, as the terminal shows them. */
const SIXTEEN = `print("".join(f"\\x1b[{c}m{c:03}\\x1b[0m " for c in [*range(30, 38), *range(90, 98)]))\n`;

for (const dark of [false, true]) {
  const look = dark ? "dark" : "light";

  test(`every pair of tokens has enough contrast: ${look}`, async () => {
    const page = await open({ dark });
    const colours = await page.tab.evaluate((names) => {
      const probe = document.createElement("i");
      document.body.append(probe);
      return Object.fromEntries(names.map((name) => {
        probe.style.color = `var(--${name})`;
        return [name, getComputedStyle(probe).color];
      }));
    }, [...new Set(PAIRS.flatMap(([front, back]) => [front, back]))]);
    const weak = PAIRS.map(([front, back, least]) => ({ pair: `${front} on ${back}`, ratio: contrast(colours[front], colours[back]), least }))
      .filter(({ ratio, least }) => ratio < least);
    assert.deepEqual(weak, []);
  });

  test(`the terminal's sixteen colours can be read: ${look}`, async () => {
    const page = await open({ dark });
    await page.run(SIXTEEN);
    await page.screenShows("097");
    const [background, ...shown] = await page.tab.evaluate(() => [
      getComputedStyle(document.getElementById("terminal-pane")).backgroundColor,
      ...[...document.querySelectorAll(".xterm-rows span")].filter(({ textContent }) => /^\d{3}$/.test(textContent))
        .map((span) => [span.textContent, getComputedStyle(span).color]),
    ]);
    assert.equal(shown.length, 16);
    const weak = shown.map(([number, colour]) => [number, contrast(colour, background)]).filter(([, ratio]) => ratio < TEXT);
    assert.deepEqual(weak, []);
  });
}

test("the switch of colours is remembered, and recolours what is written", async () => {
  const page = await open();
  await page.run('import sys\nprint("wrong", file=sys.stderr)\n');
  await page.screenShows("wrong");
  const colour = () => page.tab.evaluate(() => getComputedStyle(document.querySelector(".xterm-rows span")).color);
  assert.equal(await colour(), "rgb(180, 35, 24)");
  await page.locator("#theme").click();
  await page.until((now) => now === "rgb(255, 143, 133)", colour, "the dark colour of error output");
  await page.reload();
  assert.equal(await page.tab.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(22, 24, 29)");
});

/** WCAG 2.2, "contrast ratio", of two colours written as "rgb(...)". */
function contrast(first, second) {
  const [darker, lighter] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
