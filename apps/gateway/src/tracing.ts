import { propagation, ROOT_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import type { EventSource } from "@sluice/backplane";
import type { CustomMessage, RecordEvent } from "@sluice/protocol";

const tracer = trace.getTracer("sluice");

/**
 * Continues the trace that an event carries, from its reception on.
 * @returns nothing where it carries none that is well-formed, or where the process has no OpenTelemetry SDK
 */
export function continueTrace(
  event: RecordEvent | CustomMessage,
  door: EventSource["door"],
): Span | undefined {
  const { traceparent } = event;
  if (traceparent === undefined) return undefined;
  const parent = propagation.extract(ROOT_CONTEXT, { traceparent });
  if (trace.getSpanContext(parent) === undefined) return undefined;
  const attributes =
    event.kind === "record"
      ? { "sluice.collection": event.collection, "sluice.action": event.action }
      : { "sluice.topic": event.topic };
  const options = { kind: SpanKind.CONSUMER, attributes: { "sluice.door": door, ...attributes } };
  return tracer.startSpan("sluice deliver", options, parent);
}
