import { parseArgs } from "node:util";
import { endChildrenWithMe } from "./children.ts";
import { closeCrowd, openOne } from "./crowd.ts";
import { describeFigures, type Figure, printFigure } from "./figure.ts";
import { describeForeign } from "./foreign-server.ts";
import { parts } from "./parts.ts";

const help = `Measures the gateway over loopback sockets: CPU time and memory beside a bare server, delays, a storm.

  npm run bench
      measures everything on gateways that it starts, one process each, on the embedded backplane; Linux only
  npm run bench -- NAME…
      only some of: ${parts.map(({ name }) => name).join(", ")}
  npm run bench -- --url http://127.0.0.1:8090 [--token TOKEN]
      measures a server that is already there, as far as it can; what is skipped is named
  npm run bench -- --url URL --pid PID
      the same, its memory and CPU time too
  npm run bench -- --url URL --publish-url http://127.0.0.1:8080 --token TOKEN
      the same, with messages published through a gateway's door, for which the token must be a superuser's

Ends with a table and one line of JSON for each figure. What each means: test/bench/README.md. Exit code: 0 where
everything could be measured, bars held or not; 1 where something failed; 2 where the arguments are bad.
`;

type Options = ReturnType<typeof readArguments>;

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) return void process.stdout.write(help);
  endChildrenWithMe();
  const wanted = parts.filter(({ name }) => options.names.length === 0 || options.names.includes(name));
  const figures: Figure[] = [];
  const foreign = options.foreign === undefined ? undefined : describeForeign(options.foreign);
  // one that cannot be reached, or speaks something else, fails here and not thousandfold
  if (foreign !== undefined) closeCrowd([await openOne(foreign, { topicsOf: () => ["bench"] }, 0)]);
  for (const part of wanted) {
    process.stderr.write(`${part.name} …\n`);
    const measured = foreign === undefined ? part.own() : part.foreign(foreign);
    if (typeof measured === "string") process.stdout.write(`skip  ${part.name}: ${measured}\n`);
    else figures.push(...(await measured));
  }
  if (figures.length > 0) process.stdout.write(`\n${describeFigures(figures)}\n`);
  for (const figure of figures) printFigure(figure);
}

/** Reads the arguments; bad ones end the run with a word on what was expected. */
function readOptions(): Options {
  try {
    return readArguments();
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n\n${help}`);
    process.exit(2);
  }
}

function readArguments() {
  const text = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: text,
      token: text,
      pid: text,
      "publish-url": text,
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const known = parts.map(({ name }) => name);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`expected any of ${known.join(", ")}, got ${unknown}`);
  const { help: asksHelp, url, token, pid, "publish-url": publishUrl } = values;
  for (const [name, value] of Object.entries({ "--url": url, "--publish-url": publishUrl })) {
    if (value !== undefined && !/^http:\/\/./.test(value)) {
      throw new TypeError(`${name}: expected an address beginning with http://, got ${value}`);
    }
  }
  if (pid !== undefined && !/^\d+$/.test(pid)) throw new TypeError(`--pid: expected a number, got ${pid}`);
  if (url === undefined && (token ?? pid ?? publishUrl) !== undefined) {
    throw new TypeError("expected --url beside --token, --pid and --publish-url");
  }
  const foreign =
    url === undefined
      ? undefined
      : {
          url,
          ...(token === undefined ? {} : { token }),
          ...(pid === undefined ? {} : { pid: Number(pid) }),
          ...(publishUrl === undefined ? {} : { publishUrl }),
        };
  return { help: asksHelp, names: positionals, foreign };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`the bench failed: ${reasonOf(error)}\n`);
  process.exitCode = 1;
}
// whatever a failure left open must not hold the process
process.exit();
