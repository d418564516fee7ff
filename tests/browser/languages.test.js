// Every language's sample, run and answered at desktop and phone width. Pictures of it go to artefacts/, to be looked at.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open, server } = setUp();

const ASKS = "Your name?";

test("each language's sample greets whoever answers", async (t) => {
  await mkdir("artefacts", { recursive: true });
  const languages = (await server().languages()).filter(({ image, sample }) => image.usable && sample);
  assert.ok(languages.length > 0, "no image is built");
  for (const language of languages) {
    for (const phone of [false, true]) {
      const width = phone ? "phone" : "desktop";
      await t.test(`${language.name}, ${width}`, async () => {
        const page = await open({ phone, dark: phone });
        if (language.name !== await page.locator("#language-name").innerText()) await page.chooseLanguage(language.name);
        await page.until((code) => code.trimEnd() === language.sample.trimEnd(), () => page.code(), "the sample");
        await page.run();
        await page.screenShows(ASKS);
        await page.answer("Ada");
        await page.statusSays(/^Finished exit 0/);
        await page.screenShows("Hello, Ada!");
        await page.tab.screenshot({ path: `artefacts/${language.key}-${width}.png` });
      });
    }
  }
});
