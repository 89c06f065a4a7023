import { useSignal } from "@preact/signals";
import type { ClientList, ClientSummary } from "@sluice/protocol";
import type { JSX } from "preact";
import { useAnswer } from "./answer.ts";
import { ClientDialog } from "./client-dialog.tsx";
import { Field } from "./field.tsx";
import { formatAge, formatBytes, formatNumber } from "./format.ts";
import { now } from "./live-cluster.ts";
import { gateway } from "./session.ts";
import { type Row, Table } from "./table.tsx";

const columns = ["Client", "Identity", "Node", "Address", "#Subscriptions", "#Outbox", "#Open for"];

/** Clients of all nodes: found, looked at, and ended. */
export function ClientsView(): JSX.Element {
  const search = useSignal("");
  const opened = useSignal("");
  const path = `/api/console/clients?limit=50&search=${encodeURIComponent(search.value.trim())}`;
  const { value: list, words } = useAnswer<ClientList>(path, 5_000).value;
  return (
    <>
      <Table
        title="Clients"
        note={list === undefined ? "" : noteOf(list)}
        columns={columns}
        rows={list?.clients.map((client) => clientRow(client, () => (opened.value = client.id))) ?? []}
        empty={words || "No client has that as id, identity or topic."}
        tools={<Field label="Id, identity or topic" text={search} />}
      />
      {opened.value !== "" && <ClientDialog id={opened.value} onClose={() => (opened.value = "")} />}
    </>
  );
}

function noteOf({ clients, total, nodes, silent }: ClientList): string {
  const shown = clients.length < total ? `first ${clients.length} of ` : "";
  const missing = silent === 0 ? "" : `; ${formatNumber(silent, "node")} did not answer`;
  return `${shown}${formatNumber(total, "client")} on ${formatNumber(nodes, "node")}${missing}`;
}

function clientRow(client: ClientSummary, onOpen: () => void): Row {
  return {
    key: client.id,
    cells: [
      <button class="link" onClick={onOpen} children={client.id} />,
      `${client.identity}${client.id === gateway.realtime.clientId ? ", this page" : ""}`,
      <code>{client.node}</code>,
      client.address || "–",
      client.subscriptions,
      formatBytes(client.outboxBytes),
      formatAge(now.value - client.openedAt),
    ],
  };
}
