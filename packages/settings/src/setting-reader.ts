/** What pino logs from, the most first. */
const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** Reads single settings from the environment and keeps a line for each bad one. An empty value counts as not set. */
export class SettingReader {
  readonly problems: string[] = [];
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  optionalText(name: string): string | undefined {
    const value = this.#env[name];
    return value === "" ? undefined : value;
  }

  text(name: string, fallback: string): string {
    return this.optionalText(name) ?? fallback;
  }

  integer(name: string, fallback: number, { min, max }: { min: number; max?: number }): number {
    const value = this.optionalText(name);
    if (value === undefined) return fallback;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= (max ?? number)) return number;
    const range = max === undefined ? `${min} or more` : `from ${min} to ${max}`;
    return this.refuse(name, `a whole number, ${range}`, fallback);
  }

  boolean(name: string, fallback: boolean): boolean {
    return this.choice(name, String(fallback), ["true", "false"]) === "true";
  }

  choice(name: string, fallback: string, choices: readonly string[]): string {
    const value = this.text(name, fallback);
    return choices.includes(value) ? value : this.refuse(name, `one of ${choices.join(", ")}`, fallback);
  }

  logLevel(): string {
    return this.choice("LOG_LEVEL", "info", logLevels);
  }

  /** A comma-separated list; blanks around items do not count. */
  list(name: string, fallback: readonly string[]): readonly string[] {
    const value = this.optionalText(name);
    if (value === undefined) return fallback;
    const items = value.split(",").map((item) => item.trim());
    return items.filter((item) => item !== "");
  }

  url(name: string, protocols: readonly string[]): URL | undefined {
    const expected = `a URL beginning with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`;
    const parse = (text: string): URL => {
      const url = new URL(text);
      if (!protocols.includes(url.protocol)) throw new TypeError(expected);
      return url;
    };
    return this.parsed(name, parse, expected);
  }

  /** A value that a function parses; what the function throws makes the value bad. */
  parsed<T>(name: string, parse: (text: string) => T, expected: string): T | undefined {
    const value = this.optionalText(name);
    if (value === undefined) return undefined;
    try {
      return parse(value);
    } catch {
      return this.refuse(name, expected, undefined);
    }
  }

  /** Keeps a line for a bad value. */
  refuse<T>(name: string, expected: string, fallback: T): T {
    this.problems.push(`${name}: expected ${expected}, got ${shown(name, this.text(name, ""))}`);
    return fallback;
  }
}

/** A bad value as it came, but nothing that may hold a password or a key. */
function shown(name: string, value: string): string {
  if (name.includes("KEY") && name !== "KEY_PREFIX") return `${value.length} characters that are none`;
  // a password may be anywhere behind the scheme of a URL that is broken
  const withoutPassword = name.endsWith("_URL") ? value.replace(/(:\/*).+$/s, "$1…") : value;
  return JSON.stringify(withoutPassword.length > 80 ? `${withoutPassword.slice(0, 80)}…` : withoutPassword);
}
