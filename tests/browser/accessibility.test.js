// The page by keyboard, by screen reader, and by what axe-core knows.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open } = setUp();
const axe = await readFile(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

async function findViolations(page) {
  await page.tab.evaluate(axe);
  const found = await page.tab.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations);
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join("\n")}`);
}

const STATES = {
  "at first": async () => {},
  "list of languages open": async (page) => {
    await page.locator("#language-button").click();
    await page.locator("#language-list [role=option]").first().waitFor();
  },
  "running": async (page) => {
    await page.run('name = input("Your name? ")\n');
    await page.screenShows("Your name?");
    await page.type("Ada");
  },
  "error": async (page) => {
    await page.run("print(1)\nraise ValueError\n");
    await page.statusSays(/^Ended/);
    await page.locator("#status-action").waitFor();
  },
};

for (const [look, options] of Object.entries({ light: {}, dark: { dark: true }, phone: { phone: true }, "dark phone": { phone: true, dark: true } })) {
  for (const [state, reach] of Object.entries(STATES)) {
    test(`axe-core finds nothing serious: ${look}, ${state}`, async () => {
      const page = await open(options);
      await reach(page);
      assert.deepEqual(await findViolations(page), []);
    });
  }
}

test("with the keyboard alone: choose a language, write, run, answer, stop", async () => {
  const page = await open();
  const { keyboard } = page.tab;
  const focused = () => page.tab.evaluate(() => document.activeElement.id || document.activeElement.className);
  const tabTo = async (wanted) => {
    for (let presses = 0; presses < 15 && !(await focused()).includes(wanted); presses += 1) await keyboard.press("Tab");
    assert.ok((await focused()).includes(wanted), `Tab does not lead to ${wanted}, but to ${await focused()}`);
  };

  await keyboard.press("Tab");
  assert.equal(await focused(), "skip-link");
  await keyboard.press("Tab");
  assert.equal(await focused(), "language-button");
  await keyboard.press("Enter");
  await page.until((id) => id === "language-filter", focused, "the filter to have the focus");
  await keyboard.type("javasc");
  await keyboard.press("Enter");
  assert.equal(await page.locator("#language-name").innerText(), "JavaScript");
  await page.until((name) => name.includes("cm-content"), focused, "the editor to have the focus");

  await keyboard.press("ControlOrMeta+a");
  await keyboard.type("process.stdin.once('data', line => console.log('got ' + line)); setInterval(() => {}, 1000);");
  await keyboard.press("Escape");
  await keyboard.press("Tab");
  assert.equal(await focused(), "divider", "Escape, then Tab, leaves the editor");
  await keyboard.press("Control+Enter");
  await page.statusSays(/^Running/);
  await keyboard.type("typed at once");
  await keyboard.press("Enter");
  await page.screenShows("got typed at once");
  await keyboard.press("Tab");
  assert.ok(!(await focused()).includes("xterm"), "Tab leaves the terminal");
  await keyboard.press("F6");
  await keyboard.press("F6");
  await keyboard.press("Control+.");
  await page.statusSays(/^Stopped/);

  await page.locator("#skip-link").focus();
  await tabTo("run");
});

test("the list of languages is a combobox with a listbox", async () => {
  const page = await open();
  await page.locator("#language-button").focus();
  await page.tab.keyboard.press("ArrowDown");
  const filter = page.locator("#language-filter");
  const active = async () => page.locator(`#${await filter.getAttribute("aria-activedescendant")} .name`).innerText();
  const first = await active();
  await page.tab.keyboard.press("ArrowDown");
  assert.notEqual(await active(), first);
  await page.tab.keyboard.press("ArrowUp");
  assert.equal(await active(), first);
  await page.tab.keyboard.type("py3nothing");
  assert.ok(await page.locator("#no-language").isVisible());
  assert.equal(await filter.getAttribute("aria-activedescendant"), null);
  await page.tab.keyboard.press("Enter");
  await filter.fill("nodejs");
  assert.equal(await active(), "JavaScript", "aliases count");
  await page.tab.keyboard.press("Escape");
  assert.ok(await page.locator("#language-popover").isHidden());
  assert.equal(await page.tab.evaluate(() => document.activeElement.id), "language-button");
});

test("languages chosen last come first", async () => {
  const page = await open();
  await page.chooseLanguage("C");
  await page.chooseLanguage("JavaScript");
  await page.locator("#language-button").click();
  const names = await page.locator("#language-list [role=group]").first().locator(".name").allInnerTexts();
  assert.deepEqual(names, ["JavaScript", "C", "Python"]);
});

test("status changes are announced, lines of output are not; output can be read as text", async () => {
  const page = await open();
  await page.tab.evaluate(() => {
    window.announced = [];
    for (const region of document.querySelectorAll("[aria-live], [role=status], [role=alert], [role=log]")) {
      new MutationObserver(() => window.announced.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
    }
  });
  await page.run('import sys, time\nprint("out", flush=True)\nprint("err", file=sys.stderr)\ntime.sleep(0.5)\n');
  await page.statusSays(/^Finished/);
  await page.until((text) => text.includes("out"), () => page.locator("#output-text").textContent(), "the text");
  assert.deepEqual((await page.locator("#output-text").textContent()).split("\n").sort(), ["error output: err", "out"]);
  const announced = (await page.tab.evaluate(() => window.announced)).join("\n");
  assert.match(announced, /Running/);
  assert.match(announced, /Finished, exit 0/);
  assert.doesNotMatch(announced, /out\b|err\b/);
  assert.ok(announced.split("\n").length < 10, "the counter of seconds is not read out");
});

test("the divider moves with the arrow keys, and keeps its place", async () => {
  const page = await open();
  const divider = page.locator("#divider");
  await divider.focus();
  await page.tab.keyboard.press("ArrowLeft");
  await page.tab.keyboard.press("ArrowLeft");
  assert.equal(await divider.getAttribute("aria-valuenow"), "46");
  await page.reload();
  assert.equal(await divider.getAttribute("aria-valuenow"), "46");
  const { width } = await page.locator("#editor-pane").boundingBox();
  assert.ok(Math.abs(width - 1280 * 0.46) < 2);
  await divider.dblclick();
  assert.equal(await divider.getAttribute("aria-valuenow"), "50");
});

test("targets are at least 40 px on touch screens, and the page does not scroll", async () => {
  const page = await open({ phone: true });
  await page.run('print("x")\n');
  await page.statusSays(/^Finished/);
  const boxes = await page.tab.evaluate(() => [...document.querySelectorAll("button")].filter((button) => button.checkVisibility())
    .map((button) => [button.id, button.getBoundingClientRect().width, button.getBoundingClientRect().height]));
  assert.ok(boxes.length >= 6);
  for (const [id, width, height] of boxes) assert.ok(width >= 40 && height >= 40, `${id} is ${width} by ${height}`);
  const scrolls = await page.tab.evaluate(() => {
    scrollTo(100, 100);
    return [scrollX, scrollY, document.documentElement.scrollWidth > innerWidth];
  });
  assert.deepEqual(scrolls, [0, 0, false]);
});

test("what moves stops for those who want it so", async () => {
  const page = await open({ reducedMotion: "reduce" });
  await page.run("input()\n");
  await page.statusSays(/^Running/);
  assert.equal(await page.tab.evaluate(() => document.getAnimations({ subtree: true }).filter(({ playState }) => playState === "running").length), 0);
});
