import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { launchChromium } from "../harness/chromium.ts";
import { signSuperuserToken } from "../harness/tokens.ts";

/** A browser for the tests of a file, and what went wrong in the pages of one of them. */
export class BrowserStage {
  readonly #browser: Browser;
  #errors: string[] = [];
  #expected: readonly RegExp[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async open(): Promise<BrowserStage> {
    return new BrowserStage(await launchChromium());
  }

  close(): Promise<void> {
    return this.#browser.close();
  }

  /** Opens an address in a profile of its own. */
  async openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.#errors.push(message.text());
    });
    page.on("pageerror", (error) => this.#errors.push(String(error)));
    await page.goto(url);
    return page;
  }

  /** Opens a page signed in by its address, as the gateway prints it. */
  async openSignedIn(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    return this.openPage(`${url}#token=${await signSuperuserToken()}`, options);
  }

  /** Says what the running test has go wrong on purpose: a browser tells of every answer above 399. */
  expectErrors(...patterns: readonly RegExp[]): void {
    this.#expected = patterns;
  }

  /**
   * Closes the pages of a test.
   * @throws {Error} where the browser told of errors that were not expected, those of its security policy among them
   */
  async endTest(): Promise<void> {
    await Promise.all(this.#browser.contexts().map((context) => context.close()));
    const unexpected = this.#errors.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
    this.#errors = [];
    this.#expected = [];
    if (unexpected.length > 0)
      throw new Error(`expected no errors in the browser, got ${unexpected.join("; ")}`);
  }
}

/** Waits until something is shown. */
export async function see(what: Locator, { timeout = 30_000 } = {}): Promise<void> {
  await what.waitFor({ timeout });
}
