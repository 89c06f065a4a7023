import { useSignal } from "@preact/signals";
import type { ClientDetails } from "@sluice/protocol";
import type { JSX } from "preact";
import { useAnswer } from "./answer.ts";
import { Dialog } from "./dialog.tsx";
import { formatAge, formatBytes, formatNumber } from "./format.ts";
import { now } from "./live-cluster.ts";
import { describeError, gateway } from "./session.ts";

interface ClientDialogProps {
  readonly id: string;
  readonly onClose: () => void;
}

/** One client, and the way to end its stream. */
export function ClientDialog({ id, onClose }: ClientDialogProps): JSX.Element {
  const path = `/api/console/clients/${encodeURIComponent(id)}`;
  const answer = useAnswer<ClientDetails>(path, 2_000).value;
  return (
    <Dialog title={`Client ${id}`} onClose={onClose}>
      {answer.kind === "loading" && <p class="muted">Asking its node…</p>}
      {answer.kind === "failed" && <p class="muted">{answer.words}</p>}
      {answer.kind === "loaded" && <ClientFacts client={answer.value} />}
      {answer.kind === "loaded" && <EndStream path={path} onEnded={onClose} />}
    </Dialog>
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
      <dl>
        {Object.entries(facts).map(([name, value]) => (
          <div key={name}>
            <dt class="muted">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>{formatNumber(client.subscriptions.length, "subscription")}</h3>
      {client.subscriptions.map((subscription) => (
        <code class="rule" key={subscription}>
          {readable(subscription)}
        </code>
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

interface EndStreamProps {
  readonly path: string;
  readonly onEnded: () => void;
}

function EndStream({ path, onEnded }: EndStreamProps): JSX.Element {
  const isAsked = useSignal(false);
  const error = useSignal("");
  const end = async (): Promise<void> => {
    try {
      await gateway.send(path, { method: "DELETE" });
      onEnded();
    } catch (failure) {
      error.value = describeError(failure);
    }
  };
  if (!isAsked.value) {
    return (
      <button class="danger" onClick={() => (isAsked.value = true)}>
        End stream…
      </button>
    );
  }
  return (
    <div role="group" aria-label="Confirm">
      <p>End this stream? An SDK comes back by itself, as a new client.</p>
      <div class="actions">
        <button ref={focus} onClick={() => (isAsked.value = false)}>
          Keep it
        </button>
        <button class="danger" onClick={() => void end()}>
          End it
        </button>
      </div>
      <p class="bad" role="alert">
        {error.value}
      </p>
    </div>
  );
}

function focus(element: HTMLElement | null): void {
  element?.focus();
}
