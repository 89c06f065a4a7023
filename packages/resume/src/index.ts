export { type ResumeOptions, type ResumeOutcome, resumingEventSource } from "./resuming-event-source.ts";
