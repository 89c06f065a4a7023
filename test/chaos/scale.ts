import { endChildrenWithMe } from "../bench/children.ts";
import { isFaultless, offendersOf, tableOf, talliesOf } from "./report.ts";
import { runScaleOut } from "./scale-out.ts";

// `npm run scale`: 2 nodes become 4 at the default pace while clients listen, and where their streams are meanwhile.

const clients = { native: 200, stock: 120, resume: 80 };

/** A line is printed this often. */
const lineSeconds = 10;

endChildrenWithMe();
process.stdout.write(
  `from 2 to 4 nodes; ${JSON.stringify(clients)}\n seconds   streams of each node   peak\n`,
);
let nextSeconds = 0;
const outcome = await runScaleOut({
  from: 2,
  to: 4,
  clients,
  rate: 40,
  shedSeconds: 180,
  watch: { seconds: 300, moreSeconds: 60 },
  onLook: ({ seconds, streams, peak }) => {
    if (seconds < nextSeconds) return;
    nextSeconds += lineSeconds;
    const counts = streams.map((count) => String(count).padStart(4)).join("  ");
    process.stdout.write(`${seconds.toFixed(0).padStart(8)}   ${counts}   ${peak.toFixed(2)} × the mean\n`);
  },
});
const tallies = talliesOf(outcome);
const { evenAfterSeconds, ended, endedAtOnce, events } = outcome;
process.stdout.write(`${tableOf(tallies)}\n${offendersOf(outcome)}
${events.length} events; ${ended} streams ended, ${endedAtOnce} within a second at most
no node over 1.3 times the mean after ${evenAfterSeconds.toFixed(0)} s (wanted: 300)
`);
process.exit(isFaultless(tallies) && Number.isFinite(evenAfterSeconds) ? 0 : 1);
