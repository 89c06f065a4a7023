import { superusers } from "@sluice/protocol";
import { type Command, Option } from "commander";
import { SignJWT } from "jose";
import { createCommand } from "./command.ts";
import { ArgumentError } from "./command-error.ts";
import { readObject } from "./json-input.ts";
import { type OutputOptions, printResult, say } from "./output.ts";

/** HS256 wants a key as long as what it makes. */
const leastSecretBytes = 32;

interface TokenOptions extends OutputOptions {
  readonly secret?: string;
  readonly id?: string;
  readonly collection: string;
  readonly superuser?: boolean;
  readonly claims: string;
  readonly expires: string;
  readonly issuer?: string;
  readonly audience?: string;
}

/** `sluice token`: signs a token that gateways with the same secret take. */
export function tokenCommand(): Command {
  return createCommand("token", "Signs a token for gateways that have the same AUTH_SECRET.", {
    "sluice token --id u1": "of the record u1 in users, by AUTH_SECRET",
    "sluice token --superuser --expires 1h": "of a superuser, who may publish",
    [`sluice token --id u1 --collection clients --claims '{"role":"admin"}'`]:
      "rules read @request.auth.role",
  })
    .addOption(new Option("--secret <secret>", "the gateways' HS256 secret").env("AUTH_SECRET"))
    .option("--id <id>", "the auth record's id")
    .option("--collection <name>", "its collection, by name or id", "users")
    .addOption(new Option("--superuser", "a superuser's; --id may be left out").conflicts(["collection"]))
    .option("--claims <json>", "further claims: a JSON object, or a file of one", "{}")
    .option("--expires <time>", "from now, as in 30s, 15m, 12h, 30d", "30d")
    .addOption(new Option("--issuer <issuer>", "where gateways check it").env("AUTH_ISSUER"))
    .addOption(new Option("--audience <audience>", "where gateways check it").env("AUTH_AUDIENCE"))
    .action(signToken);
}

async function signToken(options: TokenOptions): Promise<void> {
  const { secret, issuer, audience } = options;
  if (!secret) throw new ArgumentError("expected --secret or AUTH_SECRET, got neither");
  const id = options.id ?? (options.superuser ? "superuser" : "");
  if (id === "") throw new ArgumentError("expected --id, or --superuser, got neither");
  if (!/^\d{1,9}[smhdwy]$/.test(options.expires)) {
    throw new ArgumentError(`--expires: expected a time as in 12h or 30d, got ${options.expires}`);
  }
  const collectionName = options.superuser ? superusers.name : options.collection;
  const key = new TextEncoder().encode(secret);
  if (key.length < leastSecretBytes) {
    say(
      `warning: expected a secret of ${leastSecretBytes} bytes or more, got ${key.length}: it can be guessed`,
    );
  }
  const claims = { id, collectionName, type: "auth", ...readObject("--claims", options.claims) };
  const token = new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" });
  token.setExpirationTime(options.expires);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  const signed = await token.sign(key);
  await printResult(options, { token: signed }, signed);
}
