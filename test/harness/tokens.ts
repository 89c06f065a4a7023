import { SignJWT } from "jose";
import { testSecret } from "./gateway-process.ts";

/** Signs a token of an auth record as PocketBase issues it, good for an hour. */
export function signToken(
  id: string,
  claims: Readonly<Record<string, unknown>> = {},
  secret = testSecret,
): Promise<string> {
  return new SignJWT({ id, collectionId: "users", type: "auth", refreshable: true, ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setExpirationTime(claims["exp"] === undefined ? "1h" : Number(claims["exp"]))
    .sign(new TextEncoder().encode(secret));
}

/** Signs a superuser's token. */
export function signSuperuserToken(id = "root"): Promise<string> {
  return signToken(id, { collectionId: "pbc_3142635823" });
}
