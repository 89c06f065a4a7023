import { isJsonObject } from "@sluice/protocol";
import { Ajv } from "ajv";
import { objectIn, readDocument } from "./document.ts";

const file = "asyncapi.yaml";
const document = readDocument(file);
const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema(document.named, file);
const stream = document.resolve(objectIn(document.named["channels"], "channels")["stream"]);
const messages = objectIn(stream["messages"], "messages");

/** What a frame is, by the document, or in what it differs from all that may be there. */
export type FrameReading = { readonly message: string } | { readonly problem: string };

/** The messages of the stream, by their names in the document. */
export function documentedFrames(): readonly string[] {
  return Object.keys(messages);
}

/**
 * Reads the text between two blank lines.
 * @param recordTopics names and ids of collections: an object that comes under them is a record event
 */
export function readFrame(text: string, recordTopics: ReadonlySet<string>): FrameReading {
  const headers: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [, field = "", value = ""] = /^([^:]*):(.*)$/.exec(line) ?? [];
    if (field === "" || headers[field] !== undefined) return { problem: `the line ${line} in ${text}` };
    headers[field] = value;
  }
  const { data, ...others } = headers;
  if (data === undefined) return { problem: `no line data: in ${text}` };
  const payload: unknown = data === "" ? "" : JSON.parse(data);
  const isRecord = isRecordOf(others["event"] ?? "", payload, recordTopics);
  const misfits: string[] = [];
  for (const [name, described] of Object.entries(messages)) {
    if (isRecord && name === "messageSent") continue;
    const message = document.resolve(described);
    const misfit = misfitOf(message, "headers", others) ?? misfitOf(message, "payload", payload);
    if (misfit === undefined) return { message: name };
    misfits.push(`${name}: ${misfit}`);
  }
  const own = misfits.filter((misfit) => !misfit.includes("headers/event"));
  return { problem: `${text}\nis none of the frames of ${file}: ${own.join("; ")}` };
}

function misfitOf(
  message: Readonly<Record<string, unknown>>,
  part: string,
  value: unknown,
): string | undefined {
  const validate = ajv.compile(objectIn(message[part], part));
  if (validate(value)) return undefined;
  return ajv.errorsText(validate.errors, { dataVar: part });
}

/** Whether a frame has to be a record's. A message may have such a topic too: no test sends an object there. */
function isRecordOf(event: string, payload: unknown, recordTopics: ReadonlySet<string>): boolean {
  if (!isJsonObject(payload)) return false;
  const [topic = ""] = event.split("?");
  const [, collection = ""] = /^([^/]+)(?:\/[^/]*)?$/.exec(topic) ?? [];
  return recordTopics.has(collection) || ("record" in payload && "action" in payload);
}
