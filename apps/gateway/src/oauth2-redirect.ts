import { describeFormFields, encodeJson, type FormFields, isClientId } from "@sluice/protocol";
import { clientAddress } from "./client-address.ts";
import type { GatewayContext, NodeContext } from "./gateway-context.ts";

const subscription = "@oauth2";

interface Redirect {
  readonly state: string;
  readonly code: string;
  readonly error: string;
}

/**
 * `GET` and `POST /api/oauth2-redirect`: brings the answer of an OAuth2 provider to the stream whose id is the `state`,
 * once, from whatever node it reaches.
 * @see PocketBase apis/record_auth_with_oauth2_redirect.go
 */
export async function redirectOAuth2(gateway: GatewayContext, context: NodeContext): Promise<Response> {
  const redirect = await readRedirect(gateway, context);
  const sent = isClientId(redirect.state) && (await sendToStream(gateway, context, redirect));
  const succeeded = sent && redirect.code !== "" && redirect.error === "";
  const page = `../_/#/auth/oauth2-redirect-${succeeded ? "success" : "failure"}`;
  return context.redirect(page, context.req.method === "POST" ? 303 : 307);
}

async function readRedirect(gateway: GatewayContext, context: NodeContext): Promise<Redirect> {
  const fields =
    context.req.method === "POST"
      ? await readForm(gateway, context)
      : [...new URL(context.req.url).searchParams];
  const { values } = describeFormFields(fields);
  const first = (name: string): string => values(name)[0] ?? "";
  return { state: first("state"), code: first("code"), error: first("error") };
}

/** A POST is read by its form alone: without one, the query of its URL does not count. */
async function readForm({ bodies }: GatewayContext, { env }: NodeContext): Promise<FormFields> {
  const body = await bodies.read(env.incoming);
  return body.kind === "form" ? body.fields : [];
}

async function sendToStream(
  { backplane, settings, log }: GatewayContext,
  { env, var: { requestId } }: NodeContext,
  { state, code, error }: Redirect,
): Promise<boolean> {
  const address = settings.checkAddress ? clientAddress(env.incoming, settings.trustedProxyHeader) : "";
  const data = encodeJson(error === "" ? { state, code } : { state, code, error });
  const outcome = await backplane.sendLast({ clientId: state, address, subscription, data });
  if (outcome !== "sent") {
    log.debug({ requestId, outcome }, "an OAuth2 redirect found no stream that waits for it");
  }
  return outcome === "sent";
}
