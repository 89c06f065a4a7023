import type { JsonObject } from "@sluice/protocol";
import { Ajv2020 } from "ajv/dist/2020.js";
import { objectIn, readDocument } from "./document.ts";

/** An answer as it came. */
export interface SeenAnswer {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Nothing where it is not of interest: of a stream, and of HEAD. */
  readonly text: string | undefined;
}

const file = "openapi.yaml";
const document = readDocument(file);
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(document.named, file);
const paths = objectIn(document.named["paths"], "paths");
const others = objectIn(document.named["x-other-requests"], "x-other-requests");

/** Paths with parameters. */
const templates = Object.keys(paths)
  .filter((route) => route.includes("{"))
  .map((route) => ({ route, pattern: new RegExp(`^${route.replaceAll(/\{\w+\}/g, "[^/]+")}$`) }));

/** What Node adds by itself. */
const ownHeaders = new Set(["connection", "content-length", "date", "keep-alive", "transfer-encoding"]);

/** Each answer of the document, as `nameOf` calls it. */
export function documentedAnswers(): readonly string[] {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(objectIn(item, path)).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  );
  return [...operations, ...Object.entries(others)].flatMap(([name, operation]) =>
    Object.keys(responsesOf(operation)).map((status) => `${name} ${status}`),
  );
}

/** What the document calls an answer: its operation and its status. */
export function nameOf({ method, path, status }: SeenAnswer): string {
  return `${operationOf(method, path).name} ${status}`;
}

/** In what an answer differs from the document; nothing where it does not. */
export function problemsOfAnswer(answer: SeenAnswer): readonly string[] {
  const { name, operation } = operationOf(answer.method, answer.path);
  const described = responsesOf(operation)[answer.status];
  if (described === undefined) return [`${name}: the status ${answer.status} is not in ${file}`];
  const response = document.resolve(described);
  const problems = [...headerProblems(response, answer), ...bodyProblems(response, answer)];
  return problems.map((problem) => `${name} ${answer.status}: ${problem}`);
}

function operationOf(method: string, path: string): { readonly name: string; readonly operation: unknown } {
  // the router finds a route by any spelling
  const asked = decodeURIComponent(path.split("?")[0] ?? "");
  const route =
    asked in paths ? asked : (templates.find(({ pattern }) => pattern.test(asked))?.route ?? asked);
  const item = paths[route];
  const read = method === "HEAD" ? "GET" : method;
  const operation = item === undefined ? undefined : objectIn(item, route)[read.toLowerCase()];
  if (operation !== undefined) return { name: `${read} ${route}`, operation };
  const name = method === "OPTIONS" ? "OPTIONS" : "any";
  return { name, operation: others[name] };
}

function responsesOf(operation: unknown): JsonObject {
  return objectIn(objectIn(operation, "an operation")["responses"], "responses");
}

function headerProblems({ headers: described = {} }: JsonObject, { headers }: SeenAnswer): string[] {
  const known = new Map(
    Object.entries(objectIn(described, "headers")).map(([name, header]) => [name.toLowerCase(), header]),
  );
  const problems: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const header = known.get(name);
    if (header !== undefined) problems.push(...schemaProblems(document.resolve(header), value, name));
    else if (name !== "content-type" && !ownHeaders.has(name))
      problems.push(`the header ${name} is not in ${file}`);
  }
  for (const [name, header] of known) {
    if (document.resolve(header)["required"] === true && headers[name] === undefined)
      problems.push(`the header ${name} is missing`);
  }
  return problems;
}

function bodyProblems(
  { content = {} }: JsonObject,
  { headers: { "content-type": type = "" }, text, status }: SeenAnswer,
): string[] {
  const [media = ""] = type.split(";");
  const described = objectIn(content, "content")[media];
  if (described === undefined) {
    // 304 names the type of what the browser has
    return (media === "" || status === 304) && (text ?? "") === ""
      ? []
      : [`a body of type "${media}" is not in ${file}: ${text}`];
  }
  if (text === undefined) return [];
  const value: unknown = media === "application/json" ? JSON.parse(text) : text;
  return schemaProblems(objectIn(described, media), value, `the body of ${status}`);
}

function schemaProblems({ schema }: JsonObject, value: unknown, what: string): string[] {
  const validate = ajv.compile(objectIn(schema, "schema"));
  if (validate(value)) return [];
  const reasons = (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath} ${message} ${JSON.stringify(params)}`.trim(),
  );
  return [`${what} does not fit: ${reasons.join("; ")}: ${JSON.stringify(value)}`];
}
