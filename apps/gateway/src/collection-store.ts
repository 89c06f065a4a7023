import { readFile } from "node:fs/promises";
import { unwatchFile, watchFile } from "node:fs";
import type { RuleWarning } from "@sluice/hub";
import { CollectionSet, type CollectionsParse, parseCollections } from "@sluice/protocol";
import type { Logger } from "pino";

/** A file is looked at this often: it may be a link that is switched, which no file system event tells. */
const watchMs = 1_000;

/** Reads the backplane's collections, one JSON text each, by name. */
type ReadStored = () => Promise<ReadonlyMap<string, string>>;

const noCollections = new CollectionSet();

/** Where collections go. */
export interface CollectionStoreContext {
  readonly log: Logger;
  /** Takes the new collections; returns what is to be said of their rules. */
  readonly onChange: (collections: CollectionSet) => readonly RuleWarning[];
}

/** The collections as they are now, from a watched file or from the backplane. Bad ones keep what was before. */
export class CollectionStore {
  readonly #context: CollectionStoreContext;
  readonly #file: string | undefined;
  #readStored: ReadStored | undefined;
  #current = noCollections;
  #loading: Promise<void> = Promise.resolve();

  /** @param file an array in PocketBase's export format; nothing for the backplane's */
  constructor(file: string | undefined, context: CollectionStoreContext) {
    this.#file = file;
    this.#context = context;
  }

  get current(): CollectionSet {
    return this.#current;
  }

  /** Whether they are at hand, if only that there are none. */
  get isLoaded(): boolean {
    return this.#current !== noCollections;
  }

  /**
   * Loads the collections for the first time and follows their changes.
   * @returns what is wrong with them, a line each; a bad file is not followed
   * @throws where they cannot be read
   */
  async start(readStored: ReadStored): Promise<readonly string[]> {
    this.#readStored = readStored;
    const problems = await this.#load();
    if (this.#file === undefined || problems.length > 0) return problems;
    watchFile(this.#file, { interval: watchMs }, () => this.reload());
    return [];
  }

  stop(): void {
    if (this.#file !== undefined) unwatchFile(this.#file);
  }

  /** Loads again, after a load that is under way; before the start there is nothing to load again. */
  reload(): void {
    if (this.#readStored === undefined) return;
    this.#loading = this.#loading.then(() => this.#reload());
  }

  async #reload(): Promise<void> {
    try {
      const problems = await this.#load();
      if (problems.length > 0) this.#context.log.error({ problems }, "bad collections: the old ones stay");
    } catch (err) {
      this.#context.log.error({ err }, "collections could not be read: the old ones stay");
    }
  }

  async #load(): Promise<readonly string[]> {
    const { collections, problems } = await this.#read();
    // one bad collection in the file keeps the old file; in the backplane the others are still good
    if (this.#file !== undefined && problems.length > 0) return problems;
    this.#current = new CollectionSet(collections);
    const warnings = this.#context.onChange(this.#current);
    this.#context.log.info({ collections: collections.map(({ name }) => name) }, "collections loaded");
    for (const { message, ...fact } of warnings) this.#context.log.warn(fact, message);
    return problems;
  }

  async #read(): Promise<CollectionsParse> {
    if (this.#file !== undefined) return parseText(await readFile(this.#file, "utf8"), "");
    const stored = (await this.#readStored?.()) ?? new Map<string, string>();
    const parses = [...stored].map(([name, text]) => parseText(`[${text}]`, `${name}: `));
    return {
      collections: parses.flatMap((parse) => parse.collections),
      problems: parses.flatMap((parse) => parse.problems),
    };
  }
}

function parseText(text: string, where: string): CollectionsParse {
  try {
    const { collections, problems } = parseCollections(JSON.parse(text));
    return { collections, problems: problems.map((problem) => where + problem) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { collections: [], problems: [`${where}expected JSON: ${reason}`] };
  }
}
