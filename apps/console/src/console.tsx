import { effect, signal } from "@preact/signals";
import { type JSX, render } from "preact";
import { ClientsView } from "./clients-view.tsx";
import { EventsView } from "./events-view.tsx";
import { formatAge, formatNumber } from "./format.ts";
import { followCluster, heardAt, link, nodes, now } from "./live-cluster.ts";
import { Overview } from "./overview.tsx";
import { resumeSession, session } from "./session.ts";
import { Shell } from "./shell.tsx";
import "./style.css";

const views = { Overview, Events: EventsView, Clients: ClientsView };
const names: Readonly<Record<string, keyof typeof views>> = { "#/events": "Events", "#/clients": "Clients" };

const linkWords = { connecting: "Connecting", live: "Live", lost: "Offline" };

const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

function Page(): JSX.Element {
  const name = names[hash.value] ?? "Overview";
  const View = views[name];
  const words = describeTrouble();
  return (
    <Shell current={name} status={<span class={`state ${link.value}`} children={linkWords[link.value]} />}>
      <p class="card notice warn" role="status" hidden={words === ""} children={words} />
      <View />
    </Shell>
  );
}

/** Says what is amiss with all that is shown below it. */
function describeTrouble(): string {
  const degraded = nodes.value.filter(({ report }) => report.state === "degraded").length;
  if (link.value === "lost") {
    return `Nothing was heard for ${formatAge(now.value - (heardAt.value ?? 0))}: what is below may be old. The page comes back by itself.`;
  }
  if (degraded === 0) return "";
  return `Redis is away from ${formatNumber(degraded, "node")}. Streams stay open, but nothing can be published or subscribed, and other nodes may not be heard.`;
}

render(<Page />, document.body);
effect(() => (session.value.kind === "signed-in" ? followCluster() : undefined));
await resumeSession();
