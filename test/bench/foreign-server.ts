import { publish, type Server } from "./server.ts";

/** What is known of a server that is already there. */
export interface ForeignOptions {
  readonly url: string;
  readonly token?: string;
  readonly pid?: number;
  readonly publishUrl?: string;
}

/** Describes a server that is already there as one that can be put under load; all its clients have one token. */
export function describeForeign({ url, token, pid, publishUrl }: ForeignOptions): Server {
  return {
    ...placeOf(url),
    ...(pid === undefined ? {} : { pid }),
    tokenOf: () => Promise.resolve(token),
    ...(publishUrl === undefined
      ? {}
      : { publish: (events: readonly unknown[]) => publish(placeOf(publishUrl), events, token) }),
  };
}

function placeOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: port === "" ? 80 : Number(port) };
}
