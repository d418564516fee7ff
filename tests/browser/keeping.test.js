// What is kept, and what is kept apart: reloads, restarts of the server, tabs, links.

import assert from "node:assert/strict";
import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open, server } = setUp();

test("a reload keeps the code, per language", async () => {
  const page = await open();
  await page.write("print('mine')\n");
  await page.chooseLanguage("JavaScript");
  await page.write("console.log('also mine')\n");
  await page.reload();
  assert.match(await page.code(), /also mine/);
  await page.chooseLanguage("Python");
  assert.match(await page.code(), /print\('mine'\)/);
});

test("the sample comes back, and undo brings the code back", async () => {
  const page = await open();
  const sample = await page.code();
  await page.write("print('mine')\n");
  await page.locator("#sample").click();
  assert.equal(await page.code(), sample);
  assert.ok(await page.locator("#sample").isHidden());
  await page.tab.keyboard.press("ControlOrMeta+z");
  assert.match(await page.code(), /print\('mine'\)/);
});

test("the server's restart is survived", async () => {
  const page = await open();
  page.expectedProblems = /WebSocket connection|ERR_CONNECTION_REFUSED|Failed to load resource/;
  await page.run("print('mine', flush=True)\nimport time\nwhile True: time.sleep(1)\n");
  await page.screenShows("mine");
  await server().crash();
  await page.statusSays(/^The server (went away|is away)/);
  assert.match(await page.code(), /print\('mine'/);
  await page.screenIs(/mine/);
  assert.equal(await page.locator("#run-word").innerText(), "Run");
  await server().start();
  await page.statusSays(/^Ready/);
  await page.run("print('again')\n");
  await page.screenShows("again");
  await page.statusSays(/^Finished/);
});

test("two tabs at once do not cross their input", async () => {
  const first = await open();
  const second = await open({ context: first.context });
  const program = (name) => `print("${name} asks", flush=True)\nprint("${name} got", input())\nprint("${name} then got", input())\n`;
  await first.run(program("first"));
  await second.run(program("second"));
  await first.screenShows("first asks");
  await second.screenShows("second asks");
  await first.answer("a1");
  await second.answer("b1");
  await second.screenShows("second got b1");
  await second.answer("b2");
  await first.screenShows("first got a1");
  await first.answer("a2");
  await first.screenShows("first then got a2");
  await second.screenShows("second then got b2");
  await first.screenIs("first asks\na1\nfirst got a1\na2\nfirst then got a2");
  await second.screenIs("second asks\nb1\nsecond got b1\nb2\nsecond then got b2");
});

test("a link carries language and code, and runs nothing", async () => {
  const writer = await open();
  await writer.chooseLanguage("JavaScript");
  const code = 'console.log("żółw 🐢", `<script>`);\n';
  await writer.write(code);
  await writer.locator("#share").click();
  await writer.until((label) => label === "Copied", () => writer.locator("#share .label").innerText(), "the link to be copied");
  const link = new URL(await writer.tab.evaluate(() => navigator.clipboard.readText()));

  const reader = await open({ fragment: link.hash });
  await reader.statusSays(/^Opened from a link/);
  assert.equal(await reader.locator("#language-name").innerText(), "JavaScript");
  assert.equal((await reader.code()).trimEnd(), code.trimEnd());
  await reader.tab.waitForTimeout(500);
  await reader.screenIs("");
  await reader.run();
  await reader.screenShows("żółw 🐢 <script>");
});

test("a link costs nobody a program of their own", async () => {
  const page = await open();
  await page.write("print('my own')\n");
  await page.locator("#share").click();
  await page.until((label) => label === "Copied", () => page.locator("#share .label").innerText(), "the link to be copied");
  const link = await page.tab.evaluate(() => navigator.clipboard.readText());
  await page.write("print('my own, later')\n");
  await page.tab.waitForTimeout(400);

  const other = await open({ context: page.context, fragment: new URL(link).hash });
  await other.statusSays(/^Opened from a link/);
  await other.write("print('changed')\n");
  await other.reload();
  assert.match(await other.code(), /changed/, "what was made of the link's program outlives a reload");
  await other.locator("#status-action").click();
  assert.match(await other.code(), /my own, later/);
});

test("a damaged link says so", async () => {
  const page = await open({ fragment: "#l=python&c=%%%" });
  await page.statusSays(/^The link is damaged/);
});
