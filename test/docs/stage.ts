import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freePort } from "../harness/free-port.ts";
import { startRedisServer, type TestRedis } from "../harness/test-redis.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type Block, commandsOf } from "./block.ts";
import { root } from "./page.ts";
import { expectPrinted, isPrinted } from "./printed.ts";

/** Every port that pages name; each page gets others in their place. */
const ports = [6379, 8080, 8081, 8082, 8083, 8090, 8443];

/** What pages call the balancer that clients are given, and where it listens. */
const balancer = ["https://rt.example.com", "https://127.0.0.1:8443"] as const;

/** A command that runs; what it prints, standard error included, goes to a file. */
interface Run {
  readonly block: Block;
  readonly process: ChildProcess;
  readonly printed: () => string;
}

/**
 * Follows one page as a reader would: in a folder of its own that looks like the repository, with ports and a Redis of its own,
 * one block after the other.
 */
export class Stage {
  readonly #folder: string;
  readonly #ports: ReadonlyMap<number, number>;
  readonly #redis: TestRedis;
  readonly #staying: Run[] = [];
  #runs = 0;

  private constructor(folder: string, chosen: ReadonlyMap<number, number>, redis: TestRedis) {
    this.#folder = folder;
    this.#ports = chosen;
    this.#redis = redis;
  }

  /** Starts an empty Redis; to be closed. */
  static async open(): Promise<Stage> {
    const chosen = new Map<number, number>();
    for (const port of ports) chosen.set(port, await ownPort());
    const redis = await startRedisServer(chosen.get(6379));
    const folder = mkdtempSync(join(tmpdir(), "sluice-page-"));
    for (const name of readdirSync(root)) symlinkSync(join(root, name), join(folder, name));
    mkdirSync(join(folder, ".path"));
    // the port has no variable, and without -e an error is a success
    putCommand(folder, "redis-cli", `exec redis-cli -e -p ${chosen.get(6379)} "$@"`);
    // what is to be installed is there, and it is everybody's
    putCommand(folder, "npm", 'case "$1" in ci|i|install) exit 0;; esac\nexec npm "$@"');
    return new Stage(folder, chosen, redis);
  }

  /**
   * Runs a block, or leaves it running.
   * @throws {Error} where it fails, or does not print what the page says
   */
  async follow(block: Block): Promise<void> {
    if (block.notRun !== undefined) return;
    if (block.file !== undefined) return this.#write(block.file, `${block.code}\n`);
    if (block.stays !== undefined) return this.#stay(block, block.stays);
    const argv = this.#argvOf(block, block.code);
    if (argv === undefined) return;
    const run = this.#start(block, argv);
    const timer = setTimeout(() => kill(run.process), 60_000);
    const [code, signal] = await once(run.process, "exit");
    clearTimeout(timer);
    // what it has left running in the background
    kill(run.process);
    if (code !== block.status) {
      const got = `${code ?? signal}:\n${run.printed()}`;
      throw new Error(`${block.place}: expected status ${block.status}, got ${got}`);
    }
    if (block.output !== undefined) expectPrinted(block, run.printed());
  }

  /** Waits until everything that was left running has printed what the page says. */
  async settle(): Promise<void> {
    for (const { block, printed } of this.#staying) {
      if (block.output === undefined) continue;
      await waitUntil(() => isPrinted(block, printed()), block.place, 30_000).catch(() => undefined);
      expectPrinted(block, printed());
    }
  }

  async close(): Promise<void> {
    for (const { process } of this.#staying) kill(process);
    await this.#redis.close();
    // what was killed may still be writing
    rmSync(this.#folder, { recursive: true, maxRetries: 5 });
  }

  async #stay(block: Block, text: string): Promise<void> {
    for (const command of block.language === "sh" ? commandsOf(block.code) : [block.code]) {
      const argv = this.#argvOf(block, command);
      if (argv === undefined) throw new TypeError(`${block.place}: expected a language that runs`);
      const run = this.#start(block, argv);
      this.#staying.push(run);
      const isUp = (): boolean => run.printed().includes(text);
      const isGone = (): boolean => run.process.exitCode !== null || run.process.signalCode !== null;
      await waitUntil(() => isUp() || isGone(), `"${text}"`, 60_000).catch(() => undefined);
      if (!isUp()) throw new Error(`${block.place}: expected "${text}", got only\n${run.printed()}`);
    }
  }

  #argvOf({ language, before, place }: Block, code: string): readonly string[] | undefined {
    const text = this.#withOwnPlaces(before === "" ? code : `${before}\n${code}`);
    if (language === "sh") return ["bash", "-euo", "pipefail", "-c", text];
    if (language === "redis") return ["bash", "-euo", "pipefail", "-c", redisScript(text)];
    if (language !== "js" && language !== "ts") return undefined;
    const name = `${place.replaceAll(/\W+/g, "-")}.${language === "js" ? "mjs" : "ts"}`;
    this.#write(name, text);
    return ["node", "--experimental-eventsource", "--no-warnings", name];
  }

  #start(block: Block, [program = "", ...args]: readonly string[]): Run {
    const output = join(this.#folder, `.output-${(this.#runs += 1)}`);
    const to = openSync(output, "w");
    const process = spawn(program, args, {
      cwd: this.#folder,
      env: this.#environment(),
      stdio: ["ignore", to, to],
      detached: true,
    });
    closeSync(to);
    return { block, process, printed: () => this.#withPagesPlaces(readFileSync(output, "utf8")) };
  }

  #environment(): NodeJS.ProcessEnv {
    const { PATH, HOME, LANG } = process.env;
    return {
      PATH: [
        join(this.#folder, ".path"),
        dirname(process.execPath),
        join(root, "node_modules/.bin"),
        PATH,
      ].join(":"),
      HOME,
      LANG,
      HOST: "127.0.0.1",
      PORT: String(this.#ports.get(8080)),
      npm_config_loglevel: "error",
      npm_config_update_notifier: "false",
      NO_COLOR: "1",
    };
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), this.#withOwnPlaces(text));
  }

  #withOwnPlaces(text: string): string {
    const moved = text
      .replaceAll(...balancer)
      .replaceAll(/(127\.0\.0\.1:|localhost:|PORT=)(\d{4})\b/g, (all, before: string, port) => {
        const own = this.#ports.get(Number(port));
        return own === undefined ? all : `${before}${own}`;
      });
    return moved.replaceAll("/tmp/", `${this.#folder}/`);
  }

  #withPagesPlaces(text: string): string {
    let moved = text.replaceAll(`${this.#folder}/`, "/tmp/");
    for (const [port, own] of this.#ports) {
      moved = moved.replaceAll(new RegExp(`\\b${own}\\b`, "g"), String(port));
    }
    return moved.replaceAll(balancer[1], balancer[0]);
  }
}

/** On one connection, as a reader would type it; redis-cli goes on behind an error, and ends well. */
function redisScript(commands: string): string {
  return `said=$(redis-cli <<'END'\n${commands}\nEND\n)\necho "$said"\n! grep -qE '^[A-Z]+ ' <<< "$said"`;
}

const given = new Set<number>();

/** A port that no other page was given: they take them long after they were found free. */
async function ownPort(): Promise<number> {
  let port = await freePort();
  while (given.has(port)) port = await freePort();
  given.add(port);
  return port;
}

/** Puts a command in front of the one of that name. */
function putCommand(folder: string, name: string, script: string): void {
  const file = join(folder, ".path", name);
  writeFileSync(file, `#!/bin/sh\nPATH="\${PATH#*:}"\n${script}\n`);
  chmodSync(file, 0o755);
}

/** A process and all that it started. */
function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended by itself
  }
}
