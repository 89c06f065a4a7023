import { useSignal } from "@preact/signals";
import type { ClientList, ClientSummary } from "@sluice/protocol";
import type { JSX } from "preact";
import { type Answer, useAnswer } from "./answer.ts";
import { ClientDialog } from "./client-dialog.tsx";
import { formatAge, formatBytes, formatNumber } from "./format.ts";
import { now } from "./live-cluster.ts";
import { Search } from "./search.tsx";
import { gateway } from "./session.ts";
import { type Row, Table } from "./table.tsx";

const columns = ["Client", "Identity", "Node", "Address", "#Subscriptions", "#Outbox", "#Open for"];

/** Clients of all nodes: found, looked at, and ended. */
export function ClientsView(): JSX.Element {
  const search = useSignal("");
  const opened = useSignal<string | undefined>(undefined);
  const path = `/api/console/clients?limit=50&search=${encodeURIComponent(search.value.trim())}`;
  const answer = useAnswer<ClientList>(path, 5_000).value;
  const clients = answer.kind === "loaded" ? answer.value.clients : [];
  return (
    <>
      <Table
        title="Clients"
        note={noteOf(answer)}
        columns={columns}
        rows={clients.map((client) => clientRow(client, (id) => (opened.value = id)))}
        empty={emptyWords(answer, search.value)}
        tools={
          <div class="tools">
            <Search label="Id, identity or topic" text={search} />
          </div>
        }
      />
      {opened.value !== undefined && (
        <ClientDialog id={opened.value} onClose={() => (opened.value = undefined)} />
      )}
    </>
  );
}

function noteOf(answer: Answer<ClientList>): string {
  if (answer.kind !== "loaded") return "";
  const { clients, total, nodes, silent } = answer.value;
  const shown = clients.length < total ? `first ${clients.length} of ` : "";
  const missing = silent === 0 ? "" : `; ${formatNumber(silent, "node")} did not answer`;
  return `${shown}${formatNumber(total, "client")} on ${formatNumber(nodes, "node")}${missing}`;
}

function emptyWords(answer: Answer<ClientList>, search: string): string {
  if (answer.kind === "loading") return "Asking all nodes…";
  if (answer.kind === "failed") return answer.words;
  return search === "" ? "No client is connected." : `No client has “${search}” as id, identity or topic.`;
}

function clientRow(client: ClientSummary, onOpen: (id: string) => void): Row {
  return {
    key: client.id,
    cells: [
      <button class="link" onClick={() => onOpen(client.id)}>
        <code>{client.id}</code>
      </button>,
      `${client.identity}${client.id === gateway.realtime.clientId ? ", this page" : ""}`,
      <code>{client.node}</code>,
      client.address || "–",
      client.subscriptions,
      formatBytes(client.outboxBytes),
      formatAge(now.value - client.openedAt),
    ],
  };
}
