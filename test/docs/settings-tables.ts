import { readFileSync } from "node:fs";
import { SettingReader, type SettingRow } from "@sluice/settings";
import { readSettings as readBridgeSettings } from "../../apps/bridge/src/settings.ts";
import { readSettings as readGatewaySettings } from "../../apps/gateway/src/settings.ts";

/** A page whose table of settings is made from the code that reads them. */
export interface SettingsPage {
  readonly url: URL;
  readonly names: readonly string[];
  /** The page as it is. */
  readonly text: string;
  /** The page as it has to be. */
  readonly made: string;
}

const begin = "<!-- made by npm run docs -->\n";
const end = "<!-- end -->\n";

/** The pages with such a table. */
export function settingsPages(): readonly SettingsPage[] {
  return [
    settingsPage("docs/settings.md", rowsOf(readGatewaySettings)),
    settingsPage("docs/migrate.md", rowsOf(readBridgeSettings)),
  ];
}

/** What a process asks for when nothing is set; what it then misses does not count. */
function rowsOf(readSettings: (read: SettingReader) => unknown): readonly SettingRow[] {
  const read = new SettingReader({});
  readSettings(read);
  return read.rows;
}

function settingsPage(path: string, rows: readonly SettingRow[]): SettingsPage {
  const url = new URL(`../../${path}`, import.meta.url);
  const text = readFileSync(url, "utf8");
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end, from);
  if (to === -1 || !text.includes(begin)) throw new TypeError(`expected ${begin}and ${end}in ${path}`);
  return {
    url,
    names: rows.map(({ name }) => name),
    text,
    made: `${text.slice(0, from)}\n${tableOf(rows)}\n${text.slice(to)}`,
  };
}

function tableOf(rows: readonly SettingRow[]): string {
  const lines = rows.map(
    ({ name, fallback, expected, meaning }) =>
      `| \`${name}\` | ${fallback === undefined ? "none" : `\`${fallback}\``} | ${expected} | ${meaning} |\n`,
  );
  return `| name | default | takes | |\n|---|---|---|---|\n${lines.join("")}`;
}
