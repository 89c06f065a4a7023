import { type JWTPayload, SignJWT } from "jose";
import type { AuthSettings } from "./settings.ts";

/** How a token is signed. */
export interface TokenPlan extends Pick<AuthSettings, "issuer" | "audience"> {
  readonly secret: string;
  /** As `1h` or `30d`. */
  readonly life: string;
}

/** Signs a token that this gateway takes. */
export function signToken(
  claims: JWTPayload,
  { secret, issuer, audience, life }: TokenPlan,
): Promise<string> {
  const token = new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).setExpirationTime(life);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}
