import { connect } from "node:net";

/** What is sent to a server. */
export interface PostRequest {
  readonly path: string;
  readonly body: unknown;
  readonly token: string | undefined;
  /** The address to send from. */
  readonly localAddress?: string | undefined;
}

/**
 * Sends one POST on a connection of its own and reads no more of the answer than its status.
 * @throws {Error} where the connection fails or ends before the answer
 */
export function post(
  { host, port }: { readonly host: string; readonly port: number },
  { path, body, token, localAddress }: PostRequest,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const text = JSON.stringify(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
    ...(token === undefined ? [] : [`Authorization: ${token}`]),
  ];
  const socket = connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
  socket.write(`${head.join("\r\n")}\r\n\r\n${text}`);
  let answer = "";
  socket.on("data", (chunk: Buffer) => {
    answer += chunk.toString("latin1");
    if (!answer.includes("\r\n\r\n")) return;
    resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]));
    // a reset leaves no port of this side behind
    socket.resetAndDestroy();
  });
  socket.on("error", reject);
  socket.on("close", () =>
    reject(new TypeError("expected an answer to a POST, got the end of its connection")),
  );
  return promise;
}
