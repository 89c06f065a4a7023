import type { AuthRecord, ErrorAnswer } from "@sluice/protocol";
import type { GatewayContext, NodeContext } from "./gateway-context.ts";

const noToken: ErrorAnswer = {
  status: 401,
  message: "The request requires valid record authorization token.",
};
const noSuperuser: ErrorAnswer = {
  status: 403,
  message: "The authorized record is not allowed to perform this action.",
};

/**
 * The superuser behind a request, or the answer to anybody else.
 * @throws {UnavailableError} where the keys to judge the token cannot be had now
 */
export async function readSuperuser(
  { authenticator }: Pick<GatewayContext, "authenticator">,
  { env }: NodeContext,
): Promise<{ readonly superuser: AuthRecord } | { readonly refusal: ErrorAnswer }> {
  const identity = await authenticator.authenticate(env.incoming.headers.authorization);
  if (identity.kind === "guest") return { refusal: noToken };
  return identity.kind === "superuser" ? { superuser: identity } : { refusal: noSuperuser };
}
