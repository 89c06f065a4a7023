/** What pino logs from, the most first. */
const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** One setting as its reader declares it: a row of the tables in the documents. */
export interface SettingRow {
  readonly name: string;
  /** As it would be written in the environment; nothing where the setting has no default. */
  readonly fallback: string | undefined;
  /** Completes "expected …". */
  readonly expected: string;
  /** What it is for, in Markdown; links begin in `docs/`. */
  readonly meaning: string;
}

/** Reads single settings from the environment and keeps a line for each bad one. An empty value counts as not set. */
export class SettingReader {
  readonly problems: string[] = [];
  /** Every setting that was asked for, in that order. */
  readonly rows: SettingRow[] = [];
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  isSet(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  optionalText(name: string, meaning: string, expected = "text"): string | undefined {
    return this.#declared({ name, fallback: undefined, expected, meaning });
  }

  text(name: string, fallback: string, meaning: string): string {
    return this.#declared({ name, fallback, expected: "text", meaning }) ?? fallback;
  }

  integer(name: string, fallback: number, meaning: string, { min = 0, max = Infinity } = {}): number {
    const range = max === Infinity ? `${min} or more` : `from ${min} to ${max}`;
    const expected = `a whole number, ${range}`;
    const value = this.#declared({ name, fallback: String(fallback), expected, meaning });
    if (value === undefined) return fallback;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    return number >= min && number <= max ? number : this.refuse(name, expected, fallback);
  }

  boolean(name: string, fallback: boolean, meaning: string): boolean {
    return this.choice(name, String(fallback), meaning, ["true", "false"]) === "true";
  }

  choice(name: string, fallback: string, meaning: string, choices: readonly string[]): string {
    const expected = `one of ${choices.join(", ")}`;
    const value = this.#declared({ name, fallback, expected, meaning }) ?? fallback;
    return choices.includes(value) ? value : this.refuse(name, expected, fallback);
  }

  logLevel(): string {
    return this.choice("LOG_LEVEL", "info", "pino's levels; JSON lines on standard output", logLevels);
  }

  /** A comma-separated list; blanks around items do not count. */
  list(name: string, fallback: readonly string[], meaning: string): readonly string[] {
    const row = {
      name,
      fallback: fallback.join(",") || undefined,
      expected: "a list, separated by commas",
      meaning,
    };
    const value = this.#declared(row);
    if (value === undefined) return fallback;
    const items = value.split(",").map((item) => item.trim());
    return items.filter((item) => item !== "");
  }

  url(name: string, meaning: string): URL | undefined {
    const expected = "a URL beginning with http:// or https://";
    const parse = (text: string): URL => {
      const url = new URL(text);
      if (!/^https?:$/.test(url.protocol)) throw new TypeError(expected);
      return url;
    };
    return this.parsed(name, parse, meaning, expected);
  }

  /** A value that a function parses; what the function throws makes the value bad. */
  parsed<T>(name: string, parse: (text: string) => T, meaning: string, expected: string): T | undefined {
    const value = this.optionalText(name, meaning, expected);
    if (value === undefined) return undefined;
    try {
      return parse(value);
    } catch {
      return this.refuse(name, expected, undefined);
    }
  }

  /** Keeps a line for a bad value. */
  refuse<T>(name: string, expected: string, fallback: T): T {
    this.problems.push(`${name}: expected ${expected}, got ${shown(name, this.#value(name) ?? "")}`);
    return fallback;
  }

  #declared(row: SettingRow): string | undefined {
    this.rows.push(row);
    return this.#value(row.name);
  }

  #value(name: string): string | undefined {
    const value = this.#env[name];
    return value === "" ? undefined : value;
  }
}

/** A bad value as it came, but nothing that may hold a password or a key. */
function shown(name: string, value: string): string {
  if (name.includes("KEY") && name !== "KEY_PREFIX") return `${value.length} characters that are none`;
  // a password may be anywhere behind the scheme of a URL that is broken
  const withoutPassword = name.endsWith("_URL") ? value.replace(/(:\/*).+$/s, "$1…") : value;
  return JSON.stringify(withoutPassword.length > 80 ? `${withoutPassword.slice(0, 80)}…` : withoutPassword);
}
