/** What the first lines for a newcomer are made of. */
export interface Welcome {
  readonly port: number;
  readonly superuserToken: string | undefined;
  readonly console: boolean;
  readonly playground: boolean;
}

/** Lines to paste into further terminals: open a stream, subscribe it, publish and see an event, miss one and have it later. */
export function welcomeText({ port, superuserToken, console, playground }: Welcome): string {
  const url = `http://127.0.0.1:${port}`;
  const token = superuserToken ?? "A_SUPERUSER_TOKEN";
  const pages = [
    ...(console ? [`Console:    ${url}/console#token=${token}`] : []),
    ...(console && playground ? [`Playground: ${url}/console/play#token=${token}`] : []),
  ];
  return `
Sluice is up at ${url}, on the embedded backplane: one node, in memory, demo collections.
${pages.map((page) => `\n${page}\n`).join("")}
1. Open a stream, in a second terminal:

curl -sN ${url}/api/realtime | tee /tmp/sluice-stream

2. Subscribe it to all posts, in a third one:

curl -i ${url}/api/realtime -H 'Content-Type: application/json' \\
  -d '{"clientId":"'$(sed -n '1s/^id://p' /tmp/sluice-stream)'","subscriptions":["posts/*"]}'

3. Publish an event there, and see it appear in the second:

curl -i ${url}/api/realtime/publish -H 'Content-Type: application/json' \\
  -H 'Authorization: ${token}' \\
  -d '{"collection":"posts","action":"create","record":{"id":"p1","title":"Hello"}}'

4. Nothing is lost on the way: end the stream (Ctrl-C in the second terminal), publish once more, open it again where it
was, and subscribe it once more (2). What it missed comes first:

last=$(sed -n 's/^id://p' /tmp/sluice-stream | tail -n 1); \\
  curl -sN ${url}/api/realtime -H "Last-Event-ID: $last" | tee /tmp/sluice-stream

With Redis, any number of nodes, and AUTH_SECRET set to sign your own tokens:

REDIS_URL=redis://127.0.0.1:6379 AUTH_SECRET=change-me COLLECTIONS_FILE=apps/gateway/demo/collections.json npm start
redis-cli XADD rt:log '*' event '{"collection":"posts","action":"create","record":{"id":"p2","title":"Hello"}}'

`;
}
