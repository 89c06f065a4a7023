import { badRequest, type ErrorAnswer } from "@sluice/protocol";
import type { GatewayContext, NodeContext } from "./gateway-context.ts";

/** The JSON that a superuser has sent, or the answer to anything else. */
export async function readJsonBody(
  { publishedBodies }: Pick<GatewayContext, "publishedBodies">,
  { env }: NodeContext,
): Promise<{ readonly value: unknown } | { readonly refusal: ErrorAnswer }> {
  const body = await publishedBodies.read(env.incoming);
  if (body.kind === "refused") return { refusal: body.answer };
  try {
    return body.kind === "json" ? { value: JSON.parse(body.text) } : { refusal: badRequest };
  } catch {
    return { refusal: badRequest };
  }
}
