import type { Locator, Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { startGateway } from "../harness/gateway-process.ts";
import { BrowserStage, see } from "./browser-stage.ts";

let stage: BrowserStage;
let page: Page;
let left: Locator;
let right: Locator;

beforeAll(async () => {
  stage = await BrowserStage.open();
}, 180_000);

afterAll(() => stage?.close());

beforeEach(async () => {
  // rules that a test changes are gone with its gateway
  const gateway = await startGateway({ PLAYGROUND: "true" });
  onTestFinished(gateway.kill);
  page = await stage.openSignedIn(`${gateway.url}/console/play`);
  left = page.getByRole("region", { name: "Left" });
  right = page.getByRole("region", { name: "Right" });
  await see(left.getByText("Live"));
  await see(right.getByText("Live"));
});

afterEach(() => stage.endTest());

async function saveListRule(rule: string): Promise<void> {
  await page.getByLabel("List rule").fill(rule);
  await page.getByRole("button", { name: "Save rules" }).click();
}

const send = (): Promise<void> => page.getByRole("button", { name: "Send" }).click();

test("a rule that denies shows who had the event, and why the other had not", async () => {
  await saveListRule("title = 'x' || @request.auth.id = 'u1'");
  await see(page.getByText("Saved"));
  await send();
  await see(left.getByText("Received, let through by the listRule"));
  await see(right.getByText("Not delivered, by the listRule: the rule says no"));
  await see(right.getByText('@request.auth.id is "u2"'));
  await see(right.getByText('title is "Hello"'));
  expect(await left.getByText("Not delivered").count()).toBe(0);
  expect(await right.getByText("Received").count()).toBe(0);
});

test("a rule for superusers only is shown as such, and a superuser has the event", async () => {
  await right.getByRole("combobox").selectOption("superuser");
  await right.getByRole("button", { name: "Listen" }).click();
  await see(right.getByText("as superuser"));
  await page.getByLabel("List rule").fill("null");
  await page.getByRole("button", { name: "Save rules" }).click();
  await see(page.getByText("Saved"));
  await send();
  await see(left.getByText("it is for superusers only"));
  await see(right.getByText("Received"));
});

test("a broken rule is not saved, and is shown where it is broken", async () => {
  stage.expectErrors(/status of 400/);
  await saveListRule("title = 'x' && broken = 1");
  await see(page.getByRole("alert").getByText("no field broken, at 15"));
  expect(await page.locator("mark").allTextContents()).toEqual(["broken = 1"]);
  await see(page.getByRole("status").getByText("Invalid rules."));
  await send();
  await see(left.getByText("Received"));
});

test("a subscription's filter and another topic are told too", async () => {
  await left.getByLabel("Filter").fill("score > 3");
  await left.getByRole("button", { name: "Listen" }).click();
  await right.getByLabel("Topic").fill("news");
  await right.getByRole("button", { name: "Listen" }).click();
  await see(left.getByText("Listens to posts/*").nth(1));
  await see(right.getByText("Listens to news"));
  await send();
  await see(left.getByText("by the filter: the filter says no"));
  await see(right.getByText("Not subscribed: the event is for"));
});

test("what is sent while a stream is cut comes when it is back", async () => {
  await send();
  await see(left.getByText("Received"));
  await left.getByRole("button", { name: "Cut" }).click();
  await see(left.getByText("Cut. Events"));
  await send();
  await see(right.getByText("Received").nth(1));
  await see(left.getByText("Sent while this stream is cut"));
  expect(await left.getByText("Received").count()).toBe(1);
  await left.getByRole("button", { name: "Mend" }).click();
  await see(left.getByText("Resumed: 1 missed event replayed"));
  await see(left.getByText("Received").nth(1));
});

test("who listens twice at once hears once", async () => {
  const listenAgain = async (route: Route): Promise<void> => {
    await see(left.getByText("Connecting"));
    await left.getByRole("button", { name: "Listen" }).dispatchEvent("click");
    await route.continue();
  };
  await page.route("**/api/console/play/tokens", listenAgain, { times: 1 });
  await left.getByRole("button", { name: "Listen" }).click();
  await see(left.getByText("Listens to posts/*").nth(1));
  await see(left.getByText("Live"));
  await send();
  await see(right.getByText("Received"));
  await see(left.getByText("Received"));
  await send();
  await see(right.getByText("Received").nth(1));
  await see(left.getByText("Received").nth(1));
  expect(await left.getByText("Received").count()).toBe(2);
});
