import { type Logger, pino, stdSerializers } from "pino";
import type { Settings } from "./settings.ts";

/**
 * Opens the log: JSON lines on standard output. Of an error only what it says is logged: ioredis hangs the command and its
 * arguments on its errors, which may be a password or a record. Servers may repeat arguments in what they say, too.
 */
export function openLog(settings: Settings): Logger {
  const conceal = concealing(secretsOf(settings));
  const err = (error: unknown): object => {
    if (!(error instanceof Error)) return { message: conceal(String(error)) };
    const { type, message, stack } = stdSerializers.err(error);
    const code = "code" in error ? { code: error.code } : {};
    return { type, message: conceal(message), ...code, stack: conceal(stack) };
  };
  return pino({ level: settings.logLevel, serializers: { err } });
}

/** Makes a function that takes secrets out of a text. */
export function concealing(secrets: readonly string[]): (text: string) => string {
  return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, "…"), text);
}

/** Those that a gateway is set to, in every form that it handles. */
export function secretsOf({ redisUrl, auth }: Settings): readonly string[] {
  const secrets = [redisUrl?.login.password, redisUrl?.sentinelLogin.password, auth.secret];
  return secrets.flatMap((secret = "") => (secret === "" ? [] : [secret, encodeURIComponent(secret)]));
}
