import { Command, InvalidArgumentError, Option } from "commander";
import { diagnose } from "./diagnosis.ts";
import type { Finding } from "./finding.ts";
import { proxyNames } from "./proxy-remedies.ts";

const examples = `
Examples:
  $ sluice doctor https://rt.example.com
  $ sluice doctor https://rt.example.com --origin https://app.example.com --seconds 600
  $ sluice doctor https://rt.example.com --proxy nginx --json

Ends with 0 where all is good, 1 where something is wrong, 2 on misuse, 3 where the address cannot be reached.
`;

interface DoctorOptions {
  readonly seconds: number;
  readonly token?: string;
  readonly origin?: string;
  readonly proxy?: string;
  readonly insecure: boolean;
  readonly json: boolean;
}

/** `sluice doctor URL`: opens a stream through a proxy, and says what is wrong with it and which line mends it. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .summary("says what is wrong with the proxy in front of the nodes")
    .description(
      "Opens a stream through your proxy, says what is wrong with it, and which line of its configuration mends it.",
    )
    .argument("<url>", "the address that clients are given, without /api/realtime", readUrl)
    .option("--seconds <n>", "how long to watch a quiet stream, 1 to 3600", readSeconds, 75)
    .addOption(
      new Option("--token <token>", "subscribe as whose this is, and see whether it arrives").env(
        "SLUICE_TOKEN",
      ),
    )
    .option("--origin <url>", "whether pages of this origin may use it (CORS)", readOrigin)
    .addOption(new Option("--proxy <name>", "lines for this one only").choices(proxyNames))
    .option("--insecure", "take any certificate", false)
    .option("--json", "for machines: each finding as JSON on a line of its own", false)
    .addHelpText("after", examples)
    .action(run);
}

async function run(base: URL, options: DoctorOptions): Promise<void> {
  const { seconds, token, origin, proxy, insecure, json } = options;
  const verdicts = new Set<Finding["verdict"]>();
  if (!json) process.stdout.write(`${base.href}\n\n`);
  const onSecond = showProgress(seconds);
  for await (const found of diagnose({ base, insecure, origin, token }, { seconds, onSecond })) {
    const remedies = found.remedies.filter((remedy) => proxy === undefined || remedy.proxy === proxy);
    const finding = { ...found, remedies };
    verdicts.add(finding.verdict);
    if (process.stderr.isTTY) process.stderr.write(clearLine);
    process.stdout.write(json ? `${JSON.stringify(finding)}\n` : describeFinding(finding));
  }
  const [status, summary] = verdicts.has("unreachable")
    ? [3, "Clients do not reach it."]
    : verdicts.has("wrong")
      ? [1, "Something is wrong here."]
      : [0, "Streams are all right here."];
  if (!json) process.stdout.write(`\n${summary}\n`);
  process.exitCode = status;
}

/** A line for what was found, and below it the lines that mend it. */
function describeFinding({ verdict, check, says, remedies }: Finding): string {
  const lines = remedies.flatMap(({ proxy, where, lines: [first = "", ...rest] }) => [
    `${" ".repeat(8)}${proxy.padEnd(8)} ${where}${first === "" ? "" : ":"}`,
    ...(first === "" ? [] : [first, ...rest].map((line) => `${" ".repeat(19)}${line}`)),
  ]);
  const word = verdict === "good" || verdict === "note" ? verdict : verdict.toUpperCase();
  return `${[`${word.padEnd(7)} ${check.padEnd(11)} ${says}`, ...lines].join("\n")}\n`;
}

/** Tells a terminal each second, and a file once, that there is something to wait for. */
function showProgress(seconds: number): (second: number) => void {
  const text = `watching a quiet stream for ${seconds} s`;
  return (second) => {
    if (process.stderr.isTTY) process.stderr.write(`${clearLine}${text}: ${second}`);
    else if (second === 1) process.stderr.write(`${text}\n`);
  };
}

const clearLine = "\r\u001B[K";

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError("Expected an address that begins with http:// or https://.");
  }
  url.pathname = url.pathname.replace(/\/api\/realtime\/?$/, "/");
  url.search = "";
  url.hash = "";
  return url;
}

function readOrigin(text: string): string {
  return readUrl(text).origin;
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError("Expected a whole number from 1 to 3600.");
}
