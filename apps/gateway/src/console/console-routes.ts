import {
  type AuthRecord,
  badRequest,
  type ClientList,
  type ConsoleFacts,
  type ErrorAnswer,
  isJsonObject,
} from "@sluice/protocol";
import { Hono } from "hono";
import manifest from "../../package.json" with { type: "json" };
import { answerError } from "../answers.ts";
import type { GatewayContext, GatewayEnv, NodeContext } from "../gateway-context.ts";
import { readJsonBody } from "../json-body.ts";
import { readLogged, sentence } from "../publish-events.ts";
import { readSuperuser } from "../superuser.ts";
import { UnavailableError } from "../unavailable-error.ts";
import type { ClientQuestion } from "./client-answers.ts";
import { changeRules, listRules, makeToken } from "./playground.ts";

const defaultLimit = 50;
const maxLimit = 500;
const maxSearchLength = 255;

const unknownClient: ErrorAnswer = { status: 404, message: "Missing or invalid client id." };

type Route = (
  gateway: GatewayContext,
  context: NodeContext,
  superuser: AuthRecord,
) => Response | Promise<Response>;

/** What the console asks, below `/api/console`; for superusers only. */
export function consoleRoutes(gateway: GatewayContext): Hono<GatewayEnv> {
  const routes = new Hono<GatewayEnv>();
  const guarded =
    (route: Route) =>
    async (context: NodeContext): Promise<Response> => {
      const asked = await readSuperuser(gateway, context);
      if ("refusal" in asked) return answerError(context, asked.refusal);
      return route(gateway, context, asked.superuser);
    };
  routes.get("/", guarded(showFacts));
  routes.get("/clients", guarded(listClients));
  routes.get("/clients/:id", guarded(showClient));
  routes.delete("/clients/:id", guarded(endClient));
  routes.post("/explain", guarded(explain));
  if (!gateway.settings.playground) return routes;
  routes.get("/play/collections", guarded(listRules));
  routes.put("/play/collections/:name", guarded(changeRules));
  routes.post("/play/tokens", guarded(makeToken));
  return routes;
}

function showFacts(
  { backplane, settings }: GatewayContext,
  context: NodeContext,
  { id, collectionName }: AuthRecord,
): Response {
  const facts: ConsoleFacts = {
    node: backplane.nodeId,
    version: manifest.version,
    playground: settings.playground,
    identity: { id, collectionName },
  };
  return context.json(facts);
}

async function listClients({ backplane }: GatewayContext, context: NodeContext): Promise<Response> {
  const { search = "", node = "", limit: asked } = context.req.query();
  const limit = Math.min(maxLimit, Math.max(1, Math.trunc(Number(asked ?? defaultLimit)) || defaultLimit));
  const question = { ask: "list", search: search.slice(0, maxSearchLength), node, limit } as const;
  const { nodes, answers } = await backplane.ask(JSON.stringify(question satisfies ClientQuestion));
  // who holds no clients, as the bridge, answers nothing
  const told = answers.filter((answer) => answer !== "");
  const lists = told.map((answer): Pick<ClientList, "clients" | "total"> => JSON.parse(answer));
  const clients = lists
    .flatMap((list) => list.clients)
    .toSorted((one, other) => other.openedAt - one.openedAt)
    .slice(0, limit);
  const total = lists.reduce((sum, list) => sum + list.total, 0);
  const silent = Math.max(0, nodes - answers.length);
  const list: ClientList = { clients, total, nodes: told.length + silent, silent };
  return context.json(list);
}

async function showClient(gateway: GatewayContext, context: NodeContext): Promise<Response> {
  const clientId = context.req.param("id") ?? "";
  return answerJson(context, await askOwner(gateway, { ask: "describe", clientId }));
}

async function endClient(
  gateway: GatewayContext,
  context: NodeContext,
  { id: by }: AuthRecord,
): Promise<Response> {
  const clientId = context.req.param("id") ?? "";
  const answer = await askOwner(gateway, { ask: "end", clientId });
  if (answer === undefined) return answerError(context, unknownClient);
  if (answer !== "ended") {
    throw new UnavailableError("The stream cannot be ended now: its client could not come back.");
  }
  gateway.log.info({ clientId, by }, "a superuser has ended a stream");
  return context.body(null, 204);
}

async function explain(gateway: GatewayContext, context: NodeContext): Promise<Response> {
  const body = await readJsonBody(gateway, context);
  if ("refusal" in body) return answerError(context, body.refusal);
  const { clientId, event } = isJsonObject(body.value) ? body.value : {};
  const logged = readLogged(event, gateway.settings.maxEventBytes, gateway.collections());
  if (typeof logged === "string") {
    const fault = { code: "validation_invalid_event", message: sentence(logged) };
    return answerError(context, { ...badRequest, data: { event: fault } });
  }
  const question = { ask: "explain", clientId: String(clientId), event: logged.text } as const;
  return answerJson(context, await askOwner(gateway, question));
}

/**
 * Asks the node that has a client.
 * @returns its answer; nothing where no node has the client
 * @throws {UnavailableError} where a node that does not answer may have it
 */
async function askOwner(
  { backplane }: GatewayContext,
  question: ClientQuestion,
): Promise<string | undefined> {
  const { nodes, answers } = await backplane.ask(JSON.stringify(question), Boolean);
  const answer = answers.find(Boolean);
  if (answer === undefined && answers.length < nodes) {
    throw new UnavailableError("A node that may have the client does not answer.");
  }
  return answer;
}

function answerJson(context: NodeContext, json: string | undefined): Response {
  if (json === undefined) return answerError(context, unknownClient);
  context.header("Content-Type", "application/json");
  return context.body(json);
}
