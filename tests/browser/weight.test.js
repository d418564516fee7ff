// The weight of the first visit: under 250 KB of compressed script.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { get } from "node:http";
import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open, server } = setUp();

const MOST = 250_000;

/** How many bytes the server sends of a file, to a browser that takes Brotli. */
function sentBytes(url) {
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "br" } }, (reply) => {
      let sum = 0;
      assert.equal(reply.headers["content-encoding"], "br", url);
      reply.on("data", (part) => { sum += part.length; });
      reply.on("end", () => resolve(sum));
    }).on("error", reject);
  });
}

test("the first visit loads less than 250 KB of compressed script", async () => {
  const page = await open();
  await page.tab.waitForLoadState("networkidle");
  const urls = await page.tab.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.endsWith(".js")));
  assert.ok(urls.some((url) => url.endsWith("/vendor/terminal.js")) && urls.some((url) => url.endsWith("/vendor/languages/python.js")));
  const sizes = await Promise.all(urls.map(sentBytes));
  const sum = sizes.reduce((total, size) => total + size, 0);
  console.log(`      ${urls.length} scripts, ${sum} bytes sent as Brotli`);
  assert.ok(sum < MOST, `${sum} bytes`);
});

test("the page is drawn before the list of languages has come", async () => {
  const page = await open();
  await page.write("print('kept')\n");
  await page.tab.waitForTimeout(400);
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.tab.route("**/languages?detail=true", async (route) => {
    await released;
    await route.continue();
  });
  await page.load(() => page.tab.reload(), async () => (await page.code()).includes("kept"));
  assert.equal(await page.locator("#language-name").innerText(), "Python");
  release();
});

test("nothing but the page's files is served", async () => {
  for (const path of ["package.json", "package-lock.json", "bundle", "vendor/../package.json", "%2e%2e/Cargo.toml"]) {
    const { status } = await fetch(server().url + path);
    assert.equal(status, 404, path);
  }
  const served = await readdir(new URL("../../web-ui", import.meta.url));
  for (const name of served.filter((entry) => /\.(js|css|svg)$/.test(entry))) {
    assert.equal((await fetch(server().url + name)).status, 200, name);
  }
});
