import { checkCollections } from "@sluice/hub";
import {
  type AuthRecord,
  type Collection,
  CollectionSet,
  type ErrorAnswer,
  type FieldError,
  isJsonObject,
  type JsonObject,
  type PlayCollection,
  superusers,
} from "@sluice/protocol";
import { answerError } from "../answers.ts";
import type { GatewayContext, NodeContext } from "../gateway-context.ts";
import { readJsonBody } from "../json-body.ts";
import { signToken } from "../sign-token.ts";

const editable = ["listRule", "viewRule"] as const;

/** `GET …/play/collections`: the rules that can be tried. */
export function listRules({ collections }: GatewayContext, context: NodeContext): Response {
  const listed: readonly PlayCollection[] = [...collections()].map(({ name, type, listRule, viewRule }) => ({
    name,
    type,
    listRule,
    viewRule,
  }));
  return context.json({ collections: listed });
}

/** `PUT …/play/collections/:name`: sets a collection's rules for all nodes, unless one is broken. */
export async function changeRules(
  gateway: GatewayContext,
  context: NodeContext,
  { id: by }: AuthRecord,
): Promise<Response> {
  const body = await readJsonBody(gateway, context);
  if ("refusal" in body) return answerError(context, body.refusal);
  if (gateway.settings.collectionsFile !== undefined) {
    return answerError(context, refused("The rules are those of COLLECTIONS_FILE: change them there."));
  }
  const collection = gateway.collections().find(context.req.param("name") ?? "");
  if (collection === undefined) return answerError(context, { status: 404, message: "Unknown collection." });
  const rules = readRules(isJsonObject(body.value) ? body.value : {});
  if ("errors" in rules) return answerError(context, refused("Invalid rules.", rules.errors));
  const findings = findingsOn(gateway, { ...collection, ...rules.changed });
  if ("errors" in findings) return answerError(context, refused("Invalid rules.", findings.errors));
  const stored = (await gateway.backplane.readCollections()).get(collection.name) ?? "";
  const value: unknown = stored === "" ? undefined : JSON.parse(stored);
  if (!isJsonObject(value)) return answerError(context, { status: 404, message: "Unknown collection." });
  await gateway.backplane.putCollection(collection.name, JSON.stringify({ ...value, ...rules.changed }));
  gateway.log.info({ collection: collection.name, ...rules.changed, by }, "a superuser has changed rules");
  return context.json({ warnings: findings.warnings });
}

type Rules = Partial<Pick<Collection, (typeof editable)[number]>>;

function readRules(
  value: JsonObject,
): { readonly changed: Rules } | { readonly errors: Record<string, FieldError> } {
  const changed: Record<string, string | null> = {};
  const errors: Record<string, FieldError> = {};
  for (const name of editable) {
    const rule = value[name];
    if (rule === undefined) continue;
    if (rule === null || typeof rule === "string") changed[name] = rule;
    else errors[name] = { code: "validation_invalid_rule", message: "Expected a string or null." };
  }
  return Object.keys(errors).length > 0 ? { errors } : { changed };
}

/** What is wrong with a collection's rules; else what its author should know. */
function findingsOn({ collections }: GatewayContext, changed: Collection) {
  const others = [...collections()].filter(({ id }) => id !== changed.id);
  const errors: Record<string, FieldError> = {};
  const warnings = [];
  const { remarks } = checkCollections(new CollectionSet([...others, changed]));
  for (const { rule, position, message, isError } of remarks.filter(
    (one) => one.collection === changed.name,
  )) {
    if (isError) errors[rule] = { code: "validation_invalid_rule", message, params: { position } };
    else warnings.push({ rule, position, message });
  }
  const isBroken = editable.some((rule) => errors[rule] !== undefined);
  return isBroken ? { errors } : { warnings };
}

/** `POST …/play/tokens`: an auth record's token, signed with `AUTH_SECRET`, good for an hour. */
export async function makeToken(
  gateway: GatewayContext,
  context: NodeContext,
  { id: by }: AuthRecord,
): Promise<Response> {
  const body = await readJsonBody(gateway, context);
  if ("refusal" in body) return answerError(context, body.refusal);
  const { collection: name, id, claims = {} } = isJsonObject(body.value) ? body.value : {};
  const { secret, issuer, audience } = gateway.settings.auth;
  if (secret === undefined) return answerError(context, refused("There is no AUTH_SECRET to sign with."));
  const collection = gateway.collections().find(String(name));
  const isSuperusers = [collection?.id, collection?.name].some(
    (key) => key === superusers.id || key === superusers.name,
  );
  const isGood = collection?.type === "auth" && !isSuperusers;
  if (!isGood || typeof id !== "string" || id === "" || !isJsonObject(claims)) {
    return answerError(context, refused("Expected an auth collection, an id, and claims as an object."));
  }
  const { id: collectionId, name: collectionName } = collection;
  // without `sub` it would be one of PocketBase's own, which the key of its record signs
  const own = { id, sub: id, collectionId, collectionName, type: "auth" };
  const token = await signToken({ ...claims, ...own }, { secret, issuer, audience, life: "1h" });
  gateway.log.info({ collection: collectionName, id, by }, "a superuser was given a token");
  return context.json({ token });
}

function refused(message: string, data: Readonly<Record<string, FieldError>> = {}): ErrorAnswer {
  return { status: 400, message, data };
}
