// Opens the page in Chromium, and offers what a person does with it.

import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { chromium } from "playwright-core";

import { Server } from "./server.js";

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };
const LOADED = /^(Ready|Opened from a link|The link)/;
const PATIENCE = 30_000;

/**
 * One server and one browser for the tests of a file; `settings` are more arguments of `dayfly serve`. After each test: no error on the console, none thrown, nothing that
 * the Content-Security-Policy had to refuse.
 * @returns `open(options)` for a new, empty profile's page, and `server()`
 */
export function setUp(...settings) {
  let server;
  let browser;
  let pages = [];

  before(async () => {
    server = await Server.start(...settings);
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(async () => {
    const problems = pages.flatMap((page) => page.problems);
    const contexts = new Set(pages.map((page) => page.context));
    pages = [];
    await Promise.all([...contexts].map((context) => context.close()));
    assert.deepEqual(problems, []);
  });

  const open = async ({ phone = false, dark = false, context, fragment = "", isLoaded, expectedProblems = null, ...rest } = {}) => {
    context ??= await browser.newContext({
      viewport: phone ? PHONE : DESKTOP,
      hasTouch: phone,
      isMobile: phone,
      deviceScaleFactor: 1,
      colorScheme: dark ? "dark" : "light",
      permissions: ["clipboard-read", "clipboard-write"],
      ...rest,
    });
    const page = new Page(context, await context.newPage());
    page.expectedProblems = expectedProblems;
    pages.push(page);
    await page.watch();
    await page.goto(server.url + fragment, isLoaded);
    return page;
  };
  return { open, server: () => server };
}

/** The page as a person sees it. */
class Page {
  problems = [];
  /** What may be on the console of a test that takes the server away. */
  expectedProblems = null;
  #networkChanged = false;

  constructor(context, tab) {
    this.context = context;
    this.tab = tab;
    tab.setDefaultTimeout(PATIENCE);
  }

  async watch() {
    const note = (problem) => {
      if (problem.includes("ERR_NETWORK_CHANGED")) {
        this.#networkChanged = true;
        return;
      }
      if (!this.expectedProblems?.test(problem)) this.problems.push(problem);
    };
    this.tab.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") note(`${message.type()}: ${message.text()}`);
    });
    this.tab.on("pageerror", (error) => note(`thrown: ${error.stack}`));
    await this.tab.exposeFunction("noteViolation", note);
    await this.tab.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, sourceFile }) => {
        window.noteViolation(`policy: ${violatedDirective} in ${sourceFile}`);
      });
    });
  }

  goto(url, isLoaded) {
    return this.load(() => this.tab.goto(url), isLoaded && (() => isLoaded(this)));
  }

  reload() {
    return this.load(() => this.tab.reload());
  }

  /** Chromium gives up what it loads when a container elsewhere on the machine changes the network: it is loaded again. */
  async load(navigate, isLoaded = async () => LOADED.test(await this.status())) {
    for (const end = Date.now() + PATIENCE; Date.now() < end;) {
      this.#networkChanged = false;
      await navigate();
      while (Date.now() < end && !this.#networkChanged) {
        if (await isLoaded()) return;
        await this.tab.waitForTimeout(50);
      }
    }
    throw new assert.AssertionError({ message: `the page is not loaded; it says ${await this.status()}` });
  }

  locator(selector, options) {
    return this.tab.locator(selector, options);
  }

  /** What the status line says, words and facts. */
  async status() {
    return (await this.locator("#status").innerText()).replace(/\s+/g, " ").trim();
  }

  async statusSays(pattern) {
    await this.until((text) => pattern.test(text), () => this.status(), `the status to say ${pattern}`);
  }

  async chooseLanguage(name) {
    await this.locator("#language-button").click();
    await this.locator("#language-filter").fill(name);
    await this.tab.keyboard.press("Enter");
    await this.until((shown) => shown.toLowerCase() === name.toLowerCase(), () => this.locator("#language-name").innerText(), `the language to be ${name}`);
  }

  async code() {
    return (await this.locator(".cm-line").allTextContents()).join("\n");
  }

  async write(code) {
    await this.locator(".cm-content").click();
    await this.tab.keyboard.press("ControlOrMeta+a");
    await this.tab.evaluate((text) => navigator.clipboard.writeText(text), code);
    await this.tab.keyboard.press("ControlOrMeta+v");
  }

  async run(code) {
    if (code !== undefined) await this.write(code);
    await this.locator("#run").click();
  }

  /** Types into the terminal as a person does. */
  async type(text) {
    await this.locator(".xterm-helper-textarea").focus();
    await this.tab.keyboard.type(text);
  }

  async answer(text) {
    await this.type(text);
    await this.tab.keyboard.press("Enter");
  }

  /** The rows that are on the screen. */
  async screen() {
    const rows = await this.locator(".xterm-rows > div").allTextContents();
    return rows.map((row) => row.replaceAll("\u00a0", " ").trimEnd()).join("\n").trimEnd();
  }

  /** The terminal draws a moment after the status has changed. */
  async screenIs(pattern) {
    const isSo = typeof pattern === "string" ? (screen) => screen === pattern : (screen) => pattern.test(screen);
    await this.until(isSo, () => this.screen(), `the screen to be ${pattern}`);
  }

  async screenShows(text) {
    await this.until((screen) => screen.includes(text), () => this.screen(), `the screen to show ${JSON.stringify(text)}`);
  }

  async until(isSo, look, what) {
    let seen;
    for (const end = Date.now() + PATIENCE; Date.now() < end;) {
      seen = await look();
      if (isSo(seen)) return seen;
      await this.tab.waitForTimeout(50);
    }
    const problems = this.problems.map((problem) => `\n${problem}`).join("");
    throw new assert.AssertionError({ message: `waited for ${what}, but saw:\n${seen}${problems}` });
  }
}
