/** Values of series, a minute apart, as promtool's tests write them; nothing where the series is not there. */
type Series = Readonly<Record<string, string | undefined>>;

/** A trouble, and the alert that is to ring for it. */
export interface AlertCase {
  readonly rings: { readonly alert: string; readonly labels: Readonly<Record<string, string>> };
  /** What is other than {@link healthy}. */
  readonly series: Series;
}

const node = 'job="sluice",instance="a"';
const target = { job: "sluice", instance: "a" };

/** Half an hour of a node to which nothing happens but events, and clients that come and go. */
export const healthy: Series = {
  [`sluice_build_info{${node},version="1"}`]: "1+0x40",
  [`process_start_time_seconds{${node}}`]: "1000+0x40",
  [`sluice_backplane_connected{${node}}`]: "1+0x40",
  [`sluice_log_lag_seconds{${node}}`]: "0.01+0x40",
  [`sluice_log_gaps_total{${node}}`]: "3+0x40",
  [`sluice_followed_collections_missing{${node}}`]: "0+0x40",
  [`sluice_delivery_delay_seconds_bucket{${node},le="0.1"}`]: "0+600x40",
  [`sluice_delivery_delay_seconds_bucket{${node},le="2.5"}`]: "0+600x40",
  [`sluice_delivery_delay_seconds_bucket{${node},le="+Inf"}`]: "0+600x40",
  [`nodejs_eventloop_lag_p99_seconds{${node}}`]: "0.02+0x40",
  [`sluice_streams{${node}}`]: "1000+0x40",
  [`sluice_streams_limit{${node}}`]: "50000+0x40",
  [`process_open_fds{${node}}`]: "1100+0x40",
  [`process_max_fds{${node}}`]: "65536+0x40",
  [`sluice_outbox_bytes{${node}}`]: "1000+0x40",
  [`sluice_outbox_limit_bytes{${node}}`]: "268435456+0x40",
  [`sluice_stream_cuts_total{${node},reason="outbox"}`]: "0+0x40",
  [`sluice_stream_cuts_total{${node},reason="stalled"}`]: "0+0.1x40",
  [`sluice_failed_events_total{${node}}`]: "0+0x40",
  [`sluice_malformed_events_total{${node},door="log"}`]: "7+0x40",
  [`sluice_unknown_collection_events_total{${node}}`]: "7+0x40",
  [`sluice_denials_total{${node},reason="rule"}`]: "0+100x40",
  [`sluice_denials_total{${node},reason="rule-undecidable"}`]: "5+0x40",
  [`sluice_resumes_total{${node},outcome="resumed"}`]: "0+10x40",
  [`sluice_resumes_total{${node},outcome="refused"}`]: "0+0.5x40",
  // another program on the same Prometheus, in a state that is nobody's business here
  'process_start_time_seconds{job="other",instance="b"}': "1+1x40",
  'nodejs_eventloop_lag_p99_seconds{job="other",instance="b"}': "9+0x40",
  'process_open_fds{job="other",instance="b"}': "99+0x40",
  'process_max_fds{job="other",instance="b"}': "100+0x40",
};

/** One for each alert, or several. */
export const alertCases: readonly AlertCase[] = [
  ring("SluiceAbsent", {}, { [`sluice_build_info{${node},version="1"}`]: undefined }),
  ring("SluiceRestarts", target, { [`process_start_time_seconds{${node}}`]: "1000+200x40" }),
  ring("SluiceRedisLost", target, { [`sluice_backplane_connected{${node}}`]: "1+0x28 0+0x12" }),
  ring("SluiceLogLag", target, { [`sluice_log_lag_seconds{${node}}`]: "0+1x40" }),
  ring("SluiceLogLag", target, { [`sluice_log_lag_seconds{${node}}`]: "0+0x20 +Inf+0x20" }),
  ring("SluiceLogGap", target, { [`sluice_log_gaps_total{${node}}`]: "3+0x24 4+0x16" }),
  ring("SluiceCollectionMissing", target, {
    [`sluice_followed_collections_missing{${node}}`]: "0+0x20 1+0x20",
  }),
  ring("SluiceDeliverySlow", target, {
    [`sluice_delivery_delay_seconds_bucket{${node},le="0.1"}`]: "0+500x40",
  }),
  ring("SluiceLoopBlocked", target, { [`nodejs_eventloop_lag_p99_seconds{${node}}`]: "0.5+0x40" }),
  ring("SluiceStreamsNearLimit", target, { [`sluice_streams{${node}}`]: "46000+0x40" }),
  ring("SluiceFilesNearLimit", target, { [`process_open_fds{${node}}`]: "60000+0x40" }),
  ring("SluiceOutboxNearLimit", target, { [`sluice_outbox_bytes{${node}}`]: "150000000+0x40" }),
  ring("SluiceSlowReaders", target, { [`sluice_stream_cuts_total{${node},reason="outbox"}`]: "0+2x40" }),
  ring("SluiceEventsFailed", target, { [`sluice_failed_events_total{${node}}`]: "0+0x24 1+0x16" }),
  ring(
    "SluiceMalformedEvents",
    { job: "sluice", door: "log" },
    { [`sluice_malformed_events_total{${node},door="log"}`]: "7+0x24 8+0x16" },
  ),
  ring(
    "SluiceUnknownCollections",
    { job: "sluice" },
    { [`sluice_unknown_collection_events_total{${node}}`]: "7+0x24 8+0x16" },
  ),
  ring(
    "SluiceDenied",
    { job: "sluice", reason: "rule-undecidable" },
    { [`sluice_denials_total{${node},reason="rule-undecidable"}`]: "5+0x24 6+0x16" },
  ),
  ring(
    "SluiceResumesRefused",
    { job: "sluice" },
    { [`sluice_resumes_total{${node},outcome="refused"}`]: "0+2x40" },
  ),
];

function ring(alert: string, labels: Readonly<Record<string, string>>, series: Series): AlertCase {
  return { rings: { alert, labels }, series };
}
