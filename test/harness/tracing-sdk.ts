import { appendFileSync } from "node:fs";
import { type HrTime, propagation, trace } from "@opentelemetry/api";
import { ExportResultCode, W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from "@opentelemetry/sdk-trace";

/** A span as {@link exporter} writes it. */
export type WrittenSpan = ReturnType<typeof describe>;

/**
 * OpenTelemetry's SDK, for `--import` into a gateway: writes each span that has ended to the file `SPANS_FILE`, as one line
 * of JSON.
 */
const exporter: SpanExporter = {
  export: (spans, done) => {
    for (const span of spans)
      appendFileSync(process.env["SPANS_FILE"] ?? "", `${JSON.stringify(describe(span))}\n`);
    done({ code: ExportResultCode.SUCCESS });
  },
  shutdown: () => Promise.resolve(),
};

function describe(span: ReadableSpan) {
  const { name, attributes, parentSpanContext, startTime, endTime } = span;
  return {
    name,
    attributes,
    traceId: span.spanContext().traceId,
    parentId: parentSpanContext?.spanId,
    startMs: msOf(startTime),
    endMs: msOf(endTime),
  };
}

function msOf([seconds, nanoseconds]: HrTime): number {
  return seconds * 1000 + nanoseconds / 1e6;
}

propagation.setGlobalPropagator(new W3CTraceContextPropagator());
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
);
