import { type Command, Option } from "commander";
import { createCommand, wholeNumber } from "../command.ts";
import { readHttpUrl, tokenOption } from "../gateway.ts";
import { type OutputOptions, print, printResult } from "../output.ts";
import { diagnose } from "./diagnosis.ts";
import type { Finding } from "./finding.ts";
import { proxyNames } from "./proxy-remedies.ts";

interface DoctorOptions extends OutputOptions {
  readonly seconds: number;
  readonly token?: string;
  readonly origin?: string;
  readonly proxy?: string;
  readonly insecure: boolean;
}

/** `sluice doctor URL`: opens a stream through a proxy, and says what is wrong with it and which line mends it. */
export function doctorCommand(): Command {
  return createCommand(
    "doctor",
    "Says what is wrong with the proxy in front of the nodes, and which line of its configuration mends it. It opens a stream through it and watches that. The status is 1 where something is wrong, 3 where the address cannot be reached.",
    {
      "sluice doctor https://rt.example.com": "with a quiet stream for 75 s",
      "sluice doctor https://rt.example.com --origin https://app.example.com --seconds 600":
        "for longer, and whether pages of that origin may use it",
      "sluice doctor https://rt.example.com --proxy nginx --json": "with lines for nginx only, for a machine",
    },
  )
    .argument("<url>", "the address that clients are given", (text) => readHttpUrl("<url>", text))
    .option("--seconds <n>", "how long to watch a quiet stream", wholeNumber("--seconds", 3_600), 75)
    .addOption(tokenOption("subscribe as whose this is, and see whether it arrives"))
    .option("--origin <url>", "whether pages of this origin may use it (CORS)", readOrigin)
    .addOption(new Option("--proxy <name>", "lines for this one only").choices(proxyNames))
    .option("--insecure", "take any certificate", false)
    .action(examine);
}

function readOrigin(text: string): string {
  return readHttpUrl("--origin", text).origin;
}

async function examine(base: URL, options: DoctorOptions): Promise<void> {
  const { seconds, token, origin, proxy, insecure, json } = options;
  const verdicts = new Set<Finding["verdict"]>();
  if (!json) await print(`${base.href}\n\n`);
  const watch = { seconds, onSecond: showProgress(seconds) };
  for await (const found of diagnose({ base, insecure, origin, token }, watch)) {
    const remedies = found.remedies.filter((remedy) => proxy === undefined || remedy.proxy === proxy);
    const finding = { ...found, remedies };
    verdicts.add(finding.verdict);
    if (process.stderr.isTTY) process.stderr.write(clearLine);
    await printResult(options, finding, describeFinding(finding));
  }
  const [status, summary] = verdicts.has("unreachable")
    ? [3, "Clients do not reach it."]
    : verdicts.has("wrong")
      ? [1, "Something is wrong here."]
      : [0, "Streams are all right here."];
  if (!json) await print(`\n${summary}\n`);
  process.exitCode = status;
}

/** A line for what was found, and below it the lines that mend it. */
function describeFinding({ verdict, check, says, remedies }: Finding): string {
  const lines = remedies.flatMap(({ proxy, where, lines: mending }) => [
    `${" ".repeat(8)}${proxy.padEnd(8)} ${where}${mending.length === 0 ? "" : ":"}`,
    ...mending.map((line) => `${" ".repeat(19)}${line}`),
  ]);
  const word = verdict === "good" || verdict === "note" ? verdict : verdict.toUpperCase();
  return [`${word.padEnd(7)} ${check.padEnd(11)} ${says}`, ...lines].join("\n");
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
