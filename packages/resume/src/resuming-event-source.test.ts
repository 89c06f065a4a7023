import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { EventSource } from "eventsource";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ScriptedEndpoint, type ScriptedStream } from "../../../test/harness/scripted-endpoint.ts";
import { sdks } from "../../../test/harness/sdk.ts";
import { waitUntil } from "../../../test/harness/wait-until.ts";
import { type ResumeOutcome, resumingEventSource } from "./index.ts";

let endpoint: ScriptedEndpoint;
let url: string;
let nowMs: number;
let outcomes: ResumeOutcome[];
let Resuming: typeof EventSource;
let sources: EventSource[];

beforeEach(async () => {
  endpoint = await ScriptedEndpoint.open();
  url = `${endpoint.url}/api/realtime`;
  nowMs = 1_000;
  outcomes = [];
  sources = [];
  Resuming = resumingEventSource(EventSource, {
    onResume: (outcome) => outcomes.push(outcome),
    nowMs: () => nowMs,
  });
});

afterEach(() => {
  for (const source of sources) source.close();
  endpoint.close();
});

/** A source and the other end of its stream. */
interface Link {
  readonly source: EventSource;
  readonly stream: ScriptedStream;
  /** The ids of what came as `posts/*`. */
  readonly heard: readonly string[];
}

/** Makes a source, as an application does that gives one up on its first error. */
async function open(
  target: string | URL = url,
  init: ConstructorParameters<typeof EventSource>[1] = {},
): Promise<Link> {
  const index = endpoint.streams.length;
  const source = new Resuming(target, init);
  sources.push(source);
  const heard: string[] = [];
  source.addEventListener("error", () => source.close());
  source.addEventListener("posts/*", ({ lastEventId }) => heard.push(lastEventId));
  return { source, heard, stream: await endpoint.stream(index) };
}

async function hear({ stream, heard }: Link, id: string): Promise<void> {
  stream.send("posts/*", id);
  await waitUntil(() => heard.includes(id), `the event ${id}`);
}

/** Waits until a source has had all that was sent. */
async function catchUp(link: Link): Promise<void> {
  await hear(link, `no cursor ${link.heard.length}`);
}

const ignore = (): void => undefined;

const closed = ({ source }: Pick<Link, "source">): Promise<void> =>
  waitUntil(() => source.readyState === EventSource.CLOSED, "the source to be closed");

async function cut(link: Link): Promise<void> {
  link.stream.cut();
  await closed(link);
}

async function openAndCut(id: string, target: string | URL = url): Promise<void> {
  const link = await open(target);
  await hear(link, id);
  await cut(link);
}

async function nextOffer(target: string | URL = url): Promise<string | null> {
  const { stream } = await open(target);
  return stream.offered;
}

describe("a source offers the cursor at which the one before it was cut", () => {
  test("the id of the newest event, over any number of cuts", async () => {
    await openAndCut("1700000000000-12");
    await openAndCut("1700000000001-0.a1z");
    await openAndCut("1700000000001-0");
    expect(await nextOffer()).toBe("1700000000001-0");
    const offers = endpoint.streams.map(({ offered }) => offered);
    expect(offers.slice(0, 3)).toEqual(["", "1700000000000-12", "1700000000001-0.a1z"]);
  });

  test("the stream's beginning where nothing came", async () => {
    const link = await open();
    await catchUp(link);
    await cut(link);
    expect(await nextOffer()).toBe("1-0");
  });

  test.each(["message", "@cursor", "@conflated", "@resume"])(
    "the id of %s, to which nobody listens",
    async (event) => {
      const link = await open();
      link.stream.send(event, "5-0");
      await catchUp(link);
      await cut(link);
      expect(await nextOffer()).toBe("5-0");
    },
  );

  test("not the id of an event to which nobody listens any more, or of a client", async () => {
    const link = await open();
    link.source.addEventListener("news", ignore);
    link.stream.send("news", "5-0");
    link.stream.send("news", "client0");
    link.stream.send("notes/*", "6-0");
    await catchUp(link);
    await cut(link);
    expect(await nextOffer()).toBe("5-0");
  });

  test("though a listener threw", async () => {
    const thrown: unknown[] = [];
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => thrown.push(error));
    const link = await open();
    link.source.addEventListener("posts/*", () => {
      throw new RangeError("of the application");
    });
    await hear(link, "5-0");
    await waitUntil(() => thrown.length === 1, "the error to be reported");
    process.removeAllListeners("uncaughtException");
    for (const other of others) process.on("uncaughtException", other);
    await cut(link);
    expect(await nextOffer()).toBe("5-0");
  });

  test("though a listener hid the event from all others, or added one", async () => {
    const link = await open();
    link.source.addEventListener("news", (event) => {
      event.stopImmediatePropagation();
      link.source.addEventListener("news", ignore);
    });
    link.stream.send("news", "5-0");
    await catchUp(link);
    await cut(link);
    expect(await nextOffer()).toBe("5-0");
  });

  test("the id of an event whose listener closed it", async () => {
    await openAndCut("5-0");
    const link = await open();
    const others: string[] = [];
    link.source.addEventListener("news", () => link.source.close());
    link.source.addEventListener("news", ({ lastEventId }) => others.push(lastEventId));
    link.stream.send("news", "6-0");
    await closed(link);
    expect(others).toEqual(["6-0"]);
    expect(await nextOffer()).toBe("6-0");
  });

  test("what it had by onmessage", async () => {
    const link = await open();
    const messages: string[] = [];
    // the property is what is tried
    // oxlint-disable-next-line unicorn/prefer-add-event-listener
    link.source.onmessage = ({ lastEventId }) => messages.push(lastEventId);
    link.stream.send("message", "5-0");
    await catchUp(link);
    expect(messages).toEqual(["5-0"]);
    await cut(link);
    expect(await nextOffer()).toBe("5-0");
  });
});

describe("nothing is left", () => {
  test("to the first source: by an empty cursor it says that it keeps one", async () => {
    expect(await nextOffer()).toBe("");
  });

  test("by a source that was closed while it was well", async () => {
    const link = await open();
    await hear(link, "5-0");
    link.source.close();
    link.source.close();
    expect(await nextOffer()).toBe("");
  });

  test("by one that resumed, once its client must have had the answer to its POST", async () => {
    await openAndCut("5-0");
    const link = await open();
    link.stream.send("@resume", "6-0", '{"resumed":true,"replayed":0}');
    await catchUp(link);
    nowMs += 15_000;
    link.source.close();
    expect(await nextOffer()).toBe("");
  });

  test("twice", async () => {
    await openAndCut("5-0");
    expect(await nextOffer()).toBe("5-0");
    expect(await nextOffer()).toBe("");
  });

  test("to another URL, or another class", async () => {
    await openAndCut("5-0");
    expect(await nextOffer(`${url}?other`)).toBe("");
    Resuming = resumingEventSource(EventSource);
    expect(await nextOffer()).toBe("");
  });
});

describe("the cursor is kept", () => {
  test.each([503, 401, 204, "hang-up"] as const)("by a source that is answered %s", async (answer) => {
    await openAndCut("5-0");
    endpoint.streamAnswers.push(answer, answer);
    await closed(await open());
    await closed(await open());
    expect(await nextOffer()).toBe("5-0");
  });

  test("by one that is closed before it is answered", async () => {
    await openAndCut("5-0");
    endpoint.streamAnswers.push("silence");
    const { source } = await open();
    source.close();
    expect(await nextOffer()).toBe("5-0");
  });

  test("by one that failed for good, and that nobody closes", async () => {
    await openAndCut("5-0");
    endpoint.streamAnswers.push(503);
    const source = new Resuming(url);
    await waitUntil(() => source.readyState === EventSource.CLOSED, "the source to fail");
    expect(await nextOffer()).toBe("5-0");
  });

  test("by one that is closed, well as it is, before it was told the outcome", async () => {
    await openAndCut("5-0");
    const link = await open();
    await catchUp(link);
    nowMs += 60_000;
    link.source.close();
    nowMs += 119_999;
    expect(await nextOffer()).toBe("5-0");
  });

  test("by one that is closed, well as it is, soon after that", async () => {
    await openAndCut("5-0");
    const link = await open();
    link.stream.send("@resume", "6-0", '{"resumed":true,"replayed":0}');
    await catchUp(link);
    nowMs += 14_999;
    link.source.close();
    expect(await nextOffer()).toBe("6-0");
  });

  test("but not for longer than a client needs to come back, where it may have left on purpose", async () => {
    await openAndCut("5-0");
    const link = await open();
    await catchUp(link);
    link.source.close();
    nowMs += 120_000;
    expect(await nextOffer()).toBe("");
  });

  test("for as long as it takes, where the source was cut", async () => {
    await openAndCut("5-0");
    nowMs += 86_400_000;
    expect(await nextOffer()).toBe("5-0");
  });

  test("by one that was sent more at once than it takes", async () => {
    const link = await open(url, { maxBufferSize: 1_000 });
    await hear(link, "5-0");
    link.stream.send("posts/*", "6-0", "x".repeat(1_000_000));
    await closed(link);
    expect(await nextOffer()).toBe("5-0");
  });
});

describe("sources at the same time on one URL", () => {
  test("never offer what another one has", async () => {
    const [one, other] = [await open(), await open()];
    await hear(one, "5-0");
    await hear(other, "7-0");
    await cut(one);
    expect(await nextOffer()).toBe("5-0");
    await cut(other);
    expect(await nextOffer()).toBe("7-0");
  });

  test.each([
    ["9-0", "10-0"],
    ["5-9", "5-10"],
    ["5-0.z", "5-0"],
    ["5-0.a1", "5-0.b"],
    ["18446744073709551614-0", "18446744073709551615-0"],
  ])("begin at the earlier place where several were cut: %s, %s", async (earlier, later) => {
    for (const ids of [
      [earlier, later],
      [later, earlier],
    ]) {
      const links = [await open(), await open()];
      for (const [place, link] of links.entries()) await hear(link, ids[place] ?? "");
      for (const link of links) await cut(link);
      expect([await nextOffer(), await nextOffer(), await nextOffer()]).toEqual([earlier, earlier, ""]);
    }
  });

  test("do not begin where one was cut that never came back", async () => {
    const [gone, other] = [await open(), await open()];
    await hear(gone, "5-0");
    await cut(gone);
    nowMs += 120_000;
    await hear(other, "7-0");
    await cut(other);
    expect(await nextOffer()).toBe("7-0");
  });

  test("are remembered up to a hundred cuts", async () => {
    for (let number = 0; number <= 100; number++) await openAndCut("5-0", `${url}?${number}`);
    expect(await nextOffer(`${url}?0`)).toBe("");
    expect(await nextOffer(`${url}?1`)).toBe("5-0");
  });
});

describe("the URL", () => {
  test.each([
    ["", "?lastEventId=5-0"],
    ["?", "?lastEventId=5-0"],
    ["?a=b%20c&d", "?a=b%20c&d&lastEventId=5-0"],
    ["?a=b?c", "?a=b?c&lastEventId=5-0"],
    ["?a#part", "?a&lastEventId=5-0"],
    ["?lastEventId=3-0", "?lastEventId=5-0"],
    ["?a&lastEventId=3-0&b=", "?a&b=&lastEventId=5-0"],
  ])("%s becomes %s", async (query, expected) => {
    await openAndCut("5-0", url + query);
    const { stream } = await open(url + query);
    expect(stream.target).toBe(`/api/realtime${expected}`);
  });

  test("may be an object, and is the same as its text", async () => {
    await openAndCut("5-0", new URL(url));
    expect(await nextOffer(url)).toBe("5-0");
  });

  test("may bring a cursor of its own, which counts where none is kept", async () => {
    endpoint.streamAnswers.push(503);
    await closed(await open(`${url}?lastEventId=3-0`));
    expect(endpoint.streams[0]?.offered).toBe("3-0");
    expect(await nextOffer()).toBe("3-0");
  });

  test("may be relative", () => {
    const urls: string[] = [];
    class Page extends EventTarget {
      readonly readyState = 1;
      constructor(target: string) {
        super();
        urls.push(target);
      }
      close(): void {}
    }
    const source = new (resumingEventSource(Page))("/api/realtime");
    source.close();
    expect(urls).toEqual(["/api/realtime?lastEventId="]);
  });
});

describe("@resume is told", () => {
  test.each([
    ['{"resumed":true,"replayed":3}', { resumed: true, replayed: 3 }],
    ['{"resumed":true}', { resumed: true }],
    ['{"resumed":false}', { resumed: false }],
    ["no JSON", { resumed: false }],
    ["null", { resumed: false }],
    ['{"resumed":"yes"}', { resumed: false }],
  ])("%s", async (data, outcome) => {
    const link = await open();
    link.stream.send("@resume", "5-0", data);
    await catchUp(link);
    expect(outcomes).toEqual([outcome]);
  });

  test("and its id counts, whatever it says", async () => {
    await openAndCut("5-0");
    const link = await open();
    link.stream.send("@resume", "9-0", '{"resumed":false}');
    await catchUp(link);
    await cut(link);
    expect(await nextOffer()).toBe("9-0");
  });

  test("to nobody where nobody asked", async () => {
    Resuming = resumingEventSource(EventSource);
    const link = await open();
    link.stream.send("@resume", "5-0", '{"resumed":true,"replayed":3}');
    await catchUp(link);
    expect(link.heard).toHaveLength(1);
  });
});

test.each([
  [null, "null"],
  ["EventSource", "string"],
])("%s is no class to build upon", (base, name) => {
  expect(() => resumingEventSource(base)).toThrow(`expected an EventSource class, got ${name}`);
});

test("a resuming class is an EventSource", async () => {
  const { source } = await open();
  expect(source).toBeInstanceOf(EventSource);
  expect(source).toBeInstanceOf(Resuming);
  expect([Resuming.CONNECTING, Resuming.OPEN, Resuming.CLOSED]).toEqual([0, 1, 2]);
});

function run(script: string, ...flags: string[]): Promise<unknown> {
  return promisify(execFile)(process.execPath, [...flags, "--input-type=module", "--eval", script]);
}

describe("Node's own EventSource", () => {
  const module = JSON.stringify(new URL("index.ts", import.meta.url).href);

  test("offers its cursor too", async () => {
    const script = `
      import { resumingEventSource } from ${module};
      globalThis.EventSource = resumingEventSource();
      const open = () => {
        const source = new EventSource(${JSON.stringify(url)});
        source.addEventListener("error", () => (source.close(), open()));
        source.addEventListener("end", () => process.exit());
      };
      open();`;
    const finished = run(script, "--experimental-eventsource");
    const first = await endpoint.stream(0);
    first.send("end-of-nothing", "4-0");
    first.send("@cursor", "5-0");
    first.end();
    const second = await endpoint.stream(1);
    expect(second.offered).toBe("5-0");
    second.send("end", "6-0");
    await finished;
  });

  test("has to be switched on", async () => {
    const script = `import { resumingEventSource } from ${module}; resumingEventSource();`;
    await expect(run(script)).rejects.toThrow("TypeError: expected an EventSource class, got undefined");
  });
});

describe.each(sdks)("the SDK $version", ({ create }) => {
  let stock: typeof globalThis.EventSource;
  beforeEach(() => {
    stock = globalThis.EventSource;
    Object.assign(globalThis, { EventSource: Resuming });
  });
  afterEach(() => {
    Object.assign(globalThis, { EventSource: stock });
  });

  /** Subscribes, and has an event come. */
  async function subscribe(): Promise<{ client: ReturnType<typeof create>; heard: string[] }> {
    const client = create(endpoint.url);
    const heard: string[] = [];
    await client.collection("posts").subscribe("*", ({ action }) => heard.push(action));
    endpoint.streams[0]?.send("posts/*", "5-0", '{"action":"create"}');
    await waitUntil(() => heard.length === 1, "the event");
    return { client, heard };
  }

  test("comes back with its cursor from a cut, and hears what is replayed", async () => {
    const { client, heard } = await subscribe();
    endpoint.streams[0]?.cut();
    const stream = await endpoint.stream(1);
    expect(stream.offered).toBe("5-0");
    await endpoint.waitForPosts(2);
    stream.send("posts/*", "6-0", '{"action":"update"}');
    stream.send("@resume", "6-0", '{"resumed":true,"replayed":1}');
    await waitUntil(() => outcomes.length === 1, "the outcome");
    expect(heard).toEqual(["create", "update"]);
    await client.realtime.unsubscribe();
  });

  test("keeps its cursor while it cannot connect", async () => {
    const { client } = await subscribe();
    endpoint.streamAnswers.push(503, "hang-up");
    endpoint.streams[0]?.cut();
    await endpoint.stream(3);
    expect(endpoint.streams.map(({ offered }) => offered)).toEqual(["", "5-0", "5-0", "5-0"]);
    await client.realtime.unsubscribe();
  });

  test("keeps its cursor while its stream opens but its POST fails", async () => {
    const { client } = await subscribe();
    endpoint.postAnswers.push(503, "hang-up");
    endpoint.streams[0]?.cut();
    await endpoint.stream(3);
    expect(endpoint.streams.map(({ offered }) => offered)).toEqual(["", "5-0", "5-0", "5-0"]);
    await client.realtime.unsubscribe();
  });

  test("keeps its cursor where the POST was heard, but its answer is lost", async () => {
    const { client } = await subscribe();
    const { promise, resolve } = Promise.withResolvers<"hang-up">();
    endpoint.postAnswers.push(promise);
    endpoint.streams[0]?.cut();
    await endpoint.waitForPosts(2);
    endpoint.streams[1]?.send("@resume", "6-0", '{"resumed":true,"replayed":0}');
    await waitUntil(() => outcomes.length === 1, "the outcome");
    resolve("hang-up");
    expect((await endpoint.stream(2)).offered).toBe("6-0");
    await client.realtime.unsubscribe();
  });

  test("keeps its cursor where PB_CONNECT takes too long", async () => {
    const { client } = await subscribe();
    Object.assign(client.realtime, { maxConnectTimeout: 50 });
    endpoint.streamAnswers.push("silence");
    endpoint.streams[0]?.cut();
    expect((await endpoint.stream(2)).offered).toBe("5-0");
    await client.realtime.unsubscribe();
  });

  test("leaves nothing when it unsubscribes from everything", async () => {
    const { client } = await subscribe();
    await client.realtime.unsubscribe();
    await client.collection("posts").subscribe("*", () => undefined);
    expect(endpoint.streams[1]?.offered).toBe("");
    await client.collection("posts").unsubscribe("*");
    await client.collection("posts").subscribe("*", () => undefined);
    expect(endpoint.streams[2]?.offered).toBe("");
    await client.realtime.unsubscribe();
  });
});
