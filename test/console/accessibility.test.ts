import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { signSuperuserToken } from "../harness/tokens.ts";
import { BrowserStage, see } from "./browser-stage.ts";

const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

let stage: BrowserStage;
let gateway: GatewayProcess;

beforeAll(async () => {
  stage = await BrowserStage.open();
  gateway = await startGateway({ PLAYGROUND: "true" });
}, 180_000);

afterAll(async () => {
  await stage?.close();
  await gateway?.kill();
});

afterEach(() => stage.endTest());

/** Every view with something in it, by the steps that lead there. */
const views: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  "the sign-in": async (page) => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").fill("a b");
    await page.getByRole("button", { name: "Sign in" }).click();
    await see(page.getByRole("alert").getByText("Expected a token"));
  },
  "the overview": async (page) => {
    await publish();
    await see(page.getByRole("table", { name: "Busiest topics" }).getByText("posts"));
  },
  "the events": async (page) => {
    await page.getByRole("link", { name: "Events" }).click();
    await publish();
    await page.locator("summary").first().click();
    await see(page.getByText("By the log door").first());
  },
  "the clients": async (page) => {
    await page.getByRole("link", { name: "Clients" }).click();
    await see(page.getByText("this page"));
  },
  "a client": async (page) => {
    await page.getByRole("link", { name: "Clients" }).click();
    await see(page.getByRole("cell", { name: "superuser, this page" }));
    await page.getByRole("row").nth(1).getByRole("button").click();
    await page.getByRole("button", { name: "End stream…" }).click();
  },
  "the playground": async (page) => {
    await page.getByRole("link", { name: "Playground" }).click();
    await see(page.getByText("Live").nth(1));
    await page.getByRole("button", { name: "Send" }).click();
    await see(page.getByText("Received").nth(1));
  },
};

async function publish(): Promise<void> {
  const body = { collection: "posts", action: "create", record: { id: "p1", title: "t" } };
  const headers = { Authorization: await signSuperuserToken(), "Content-Type": "application/json" };
  const url = `${gateway.url}/api/realtime/publish`;
  const { status } = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  expect(status).toBe(200);
}

async function open(options: Parameters<BrowserStage["openSignedIn"]>[1] = {}): Promise<Page> {
  const page = await stage.openSignedIn(`${gateway.url}/console`, options);
  await see(page.getByText("Live", { exact: true }));
  return page;
}

/** What axe-core has against a page: rules, and the elements that break them. */
async function violationsOf(page: Page): Promise<unknown> {
  await page.evaluate(axe);
  return page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))",
  );
}

const backgroundOf = (page: Page): Promise<string> =>
  page.evaluate("getComputedStyle(document.documentElement).backgroundColor");

test.each(Object.entries(views))(
  "%s is good for axe-core in both schemes, and 320 pixels wide",
  async (_, show) => {
    const page = await open({ colorScheme: "light" });
    await show(page);
    expect(await violationsOf(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await violationsOf(page)).toEqual([]);
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
    expect(await violationsOf(page)).toEqual([]);
  },
);

test("the scheme is the system's until another is chosen, which stays", async () => {
  const page = await open({ colorScheme: "dark" });
  const dark = await backgroundOf(page);
  await page.getByLabel("Colours").selectOption("Light");
  const light = await backgroundOf(page);
  expect(light).not.toBe(dark);
  await page.reload();
  await see(page.getByText("Live", { exact: true }));
  expect(await backgroundOf(page)).toBe(light);
  await page.getByLabel("Colours").selectOption("System");
  expect(await backgroundOf(page)).toBe(dark);
  await page.emulateMedia({ colorScheme: "light" });
  expect(await backgroundOf(page)).toBe(light);
});

/** Presses Tab until an element with a name has the focus, which has to be visible all the way. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const focused: { text: string; outline: string } | null = await page.evaluate(
      `(({ activeElement: element }) => element === document.body ? null : {
        text: element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent,
        outline: getComputedStyle(element).outlineStyle,
      })(document)`,
    );
    if (focused === null) continue;
    expect([focused.text, focused.outline]).not.toEqual([focused.text, "none"]);
    if (focused.text.trim() === name) return;
  }
  throw new Error(`expected to come to ${name} by Tab`);
}

const isInside = (page: Page, selector: string): Promise<boolean> =>
  page.evaluate(`document.activeElement.closest("${selector}") !== null`);

test("all can be done by keys: past the header, to a view, into a dialog and back", async () => {
  const page = await open();
  await tabTo(page, "Skip to content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate("document.activeElement.id")).toBe("main");
  await page.reload();
  await see(page.getByText("Live", { exact: true }));
  await tabTo(page, "Clients");
  await page.keyboard.press("Enter");
  await see(page.getByText("this page"));
  const id = (await page.getByRole("row").nth(1).getByRole("button").textContent()) ?? "";
  await tabTo(page, id);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await see(dialog.getByRole("button", { name: "End stream…" }));
  for (let presses = 0; presses < 6; presses++) {
    await page.keyboard.press("Tab");
    expect(
      await page.evaluate(
        "document.activeElement === document.body || document.activeElement.closest('dialog') !== null",
      ),
    ).toBe(true);
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await page.evaluate("document.activeElement.textContent")).toBe(id);
});

test("an event is published, and read in the tail, by keys", async () => {
  const page = await open();
  await tabTo(page, "Events");
  await page.keyboard.press("Enter");
  await tabTo(page, "Event as JSON");
  await tabTo(page, "Publish");
  await page.keyboard.press("Enter");
  await see(page.getByText(/In the log as/));
  expect(await isInside(page, "form")).toBe(true);
  await page.locator("summary").first().focus();
  await page.keyboard.press("Enter");
  await see(page.getByText("By the log door").first());
});
