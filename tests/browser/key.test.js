// A server that asks for a key.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { setUp } from "./support/page.js";

const KEY = `dayfly_${randomBytes(32).toString("base64url")}`;
const folder = mkdtempSync(join(tmpdir(), "dayfly-key-"));
const file = join(folder, "dayfly.toml");
writeFileSync(file, `[[keys]]\nname = "page"\nsha256 = "${createHash("sha256").update(KEY).digest("hex")}"\n`);
after(() => rmSync(folder, { recursive: true }));

const { open } = setUp("--config", file);
const REFUSED = /401|WebSocket connection/;
const isAsked = async (page) => (await page.locator("#key-dialog[open]").count()) === 1;

test("the page asks for a key, says when it is wrong, and forgets it with the tab", async () => {
  const page = await open({ isLoaded: isAsked, expectedProblems: REFUSED });
  const words = page.locator("#key-words");
  assert.equal(await words.innerText(), "This server needs an API key.");
  const give = async (key) => {
    await page.locator("#key").fill(key);
    await page.tab.keyboard.press("Enter");
  };
  await give("not a key");
  assert.match(await words.innerText(), /^A key has no spaces/);
  await give("dayfly_wrong");
  await page.until((text) => text === "The server does not know this key.", () => words.innerText(), "the wrong key to be refused");
  await give(KEY);
  await page.statusSays(/^Ready/);
  await page.run('print("mine")\n');
  await page.statusSays(/^Finished/);
  await page.screenShows("mine");

  assert.equal(await page.tab.evaluate(() => JSON.stringify({ ...localStorage }).includes("dayfly_")), false);
  await page.reload();
  assert.equal(await isAsked(page), false, "the tab still has it");
  const other = await open({ context: page.context, isLoaded: isAsked, expectedProblems: REFUSED });
  await other.tab.keyboard.press("Escape");
  await other.statusSays(/^This server needs a key/);
  await other.locator("#status-action").click();
  assert.ok(await isAsked(other));
});
