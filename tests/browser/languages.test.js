// Every language's sample, run and answered at desktop and phone width. Pictures of it go to artefacts/, to be looked at.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open, server } = setUp();

const ASKS = "Your name?";

test("each language's sample runs, and greets whoever answers if it asks", async (t) => {
  await mkdir("artefacts", { recursive: true });
  const languages = (await server().languages()).filter(({ image, sample }) => image.usable && sample);
  assert.ok(languages.length > 0, "no image is built");
  for (const language of languages) {
    for (const phone of [false, true]) {
      const width = phone ? "phone" : "desktop";
      await t.test(`${language.name}, ${width}`, async () => {
        const page = await open({ phone, dark: phone });
        if (language.name !== await page.locator("#language-name").innerText()) await page.chooseLanguage(language.name);
        // Of a long sample, the editor draws the lines that fit.
        const isTop = (code) => code.trim() !== "" && language.sample.startsWith(code.trimEnd());
        await page.until(isTop, () => page.code(), "the sample");
        await page.run();
        if (language.sample.includes(ASKS)) {
          await page.screenShows(ASKS);
          await page.answer("Ada");
        }
        await page.statusSays(/^Finished exit 0/);
        if (language.sample.includes(ASKS)) await page.screenShows("Hello, Ada!");
        await page.tab.screenshot({ path: `artefacts/${language.key}-${width}.png` });
      });
    }
  }
});
