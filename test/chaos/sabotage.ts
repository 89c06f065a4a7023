import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { type Replacement, sabotages } from "./sabotages.ts";

// Loaded into a node in front of everything else: replaces pieces of its source while it is loaded, so that production
// code needs no switches. A piece that is not there ends the node at once: a sabotage must not come to nothing unseen.

const root = new URL("../../", import.meta.url);

const wanted = process.env["SABOTAGE"] ?? "";
const replacements: readonly Replacement[] | undefined = new Map(Object.entries(sabotages)).get(wanted);
if (replacements === undefined || replacements.length === 0) {
  throw new TypeError(`SABOTAGE: expected any of ${Object.keys(sabotages).join(", ")}, got ${wanted}`);
}

/** The sabotaged source of a module; the sources of all are made now, whether or not they are ever loaded. */
const sources = new Map<string, string>();
for (const { file, text, by } of replacements) {
  const { href } = new URL(file, root);
  const source = sources.get(href) ?? readFileSync(new URL(href), "utf8");
  if (source.split(text).length !== 2) throw new TypeError(`expected once in ${file}: ${text}`);
  sources.set(
    href,
    source.replace(text, () => by),
  );
}

registerHooks({
  load: (url, context, nextLoad) => {
    const source = sources.get(url);
    const loaded = nextLoad(url, context);
    return source === undefined ? loaded : { ...loaded, source };
  },
});
