/** An answer to a POST, its body as text. */
export interface PostAnswer {
  readonly status: number;
  readonly text: string;
}

/** Sets a stream's subscriptions as an SDK does. */
export async function postSubscriptions(
  base: string,
  clientId: string,
  subscriptions: readonly string[],
  token?: string,
): Promise<PostAnswer> {
  return postJson(`${base}/api/realtime`, { clientId, subscriptions }, token);
}

/** Publishes through the HTTP door. */
export async function publish(base: string, events: unknown, token: string): Promise<PostAnswer> {
  return postJson(`${base}/api/realtime/publish`, events, token);
}

async function postJson(url: string, body: unknown, token: string | undefined): Promise<PostAnswer> {
  const headers = {
    "Content-Type": "application/json",
    // a kept connection would be one more socket in the gateway when a test counts them
    Connection: "close",
    ...(token === undefined ? {} : { Authorization: token }),
  };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
}
