import { useSignal } from "@preact/signals";
import type { ClientDetails, ClientList, ClientSummary } from "@sluice/protocol";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useAnswer } from "./answer.ts";
import { Field } from "./field.tsx";
import { formatAge, formatBytes, formatNumber } from "./format.ts";
import { now } from "./live-cluster.ts";
import { describeError, gateway } from "./session.ts";
import { type Row, Table } from "./card.tsx";

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
      <button class="link" onClick={onOpen} children={<code>{client.id}</code>} />,
      `${client.identity}${client.id === gateway.realtime.clientId ? ", this page" : ""}`,
      <code>{client.node}</code>,
      client.address || "–",
      client.subscriptions,
      formatBytes(client.outboxBytes),
      formatAge(now.value - client.openedAt),
    ],
  };
}

/** One client, and the way to end its stream. Browsers give the focus back to what opened it, where it is still there. */
function ClientDialog({ id, onClose }: Readonly<{ id: string; onClose: () => void }>): JSX.Element {
  const path = `/api/console/clients/${encodeURIComponent(id)}`;
  const { value: client, words } = useAnswer<ClientDetails>(path, 2_000).value;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = (): void => dialog.current?.close();
  const leave = (): void => {
    onClose();
    if (document.querySelector(".link:focus") === null) focus(document.querySelector("main"));
  };
  return (
    <dialog class="card" ref={dialog} aria-label={`Client ${id}`} onClose={leave}>
      <header>
        <h2>{`Client ${id}`}</h2>
        <button class="tools" onClick={close} children="Close" />
      </header>
      <p class="muted">{words}</p>
      {client && <ClientFacts client={client} />}
      {client && <EndStream path={path} onEnded={close} />}
    </dialog>
  );
}

function ClientFacts({ client }: { readonly client: ClientDetails }): JSX.Element {
  const facts = {
    Identity: client.identity,
    State: client.state,
    Node: client.node,
    Address: client.address || "–",
    "Open for": formatAge(now.value - client.openedAt),
    Outbox: formatBytes(client.outboxBytes),
    Position: client.position,
  };
  return (
    <>
      <dl class="columns">
        {Object.entries(facts).map(([name, value]) => (
          <div key={name}>
            <dt class="muted">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>{formatNumber(client.subscriptions.length, "subscription")}</h3>
      {client.subscriptions.map((subscription) => (
        <code class="rule" key={subscription} children={readable(subscription)} />
      ))}
    </>
  );
}

/** Options are sent as escaped JSON. */
function readable(subscription: string): string {
  try {
    return decodeURIComponent(subscription);
  } catch {
    return subscription;
  }
}

function EndStream({ path, onEnded }: Readonly<{ path: string; onEnded: () => void }>): JSX.Element {
  const isAsked = useSignal(false);
  const error = useSignal("");
  const end = (): void =>
    void gateway
      .send(path, { method: "DELETE" })
      .then(onEnded, (failure) => (error.value = describeError(failure)));
  if (!isAsked.value) {
    return <button class="bad" onClick={() => (isAsked.value = true)} children="End stream…" />;
  }
  return (
    <div class="row" role="group" aria-label="Confirm">
      <p>End this stream? An SDK comes back by itself, as a new client.</p>
      <button ref={focus} onClick={() => (isAsked.value = false)} children="Keep it" />
      <button class="bad" onClick={end} children="End it" />
      <p class="bad" role="alert" children={error.value} />
    </div>
  );
}

function focus(element: HTMLElement | null): void {
  element?.focus();
}
