/** What PocketBase's tests or its behaviour ask for and no case here checks, and why; brackets hold upstream ids. */
export const notApplicable: readonly (readonly [what: string, reason: string])[] = [
  ["a message hook fails for PB_CONNECT [C2]", "there are no hooks: nothing can refuse a frame"],
  ["a message hook swallows messages [C3]", "there are no hooks"],
  ["how often hooks are called [C1, H1]", "there are no hooks"],
  [
    "the auth record's new fields in rules, however it was saved [A2, A7]",
    "the identity is what the token says; comes with rules that read auth records",
  ],
  [
    "the secret of an auth collection changes [A4]",
    "tokens are verified with configured keys, not with a collection's secret",
  ],
  ["records behind a proxy or a custom model [R2, R3]", "an event is JSON, whatever wrote it"],
  ["the errors of expand [log lines]", "nothing of them is seen from outside"],
  ["chunks and copies of the client list, a client discarded twice", "nothing of it is seen from outside"],
  [
    "the name in the user field that Apple posts to the OAuth2 redirect",
    "there is no sign-in here to keep it for",
  ],
  ["429 and the superusers' list of addresses", "the load balancer's business"],
  ["500 where a stream cannot be set up", "cannot be brought about from outside"],
  ["a node that crashes", "needs a process to kill: test/cluster/killed-node.test.ts"],
  ["hundreds of racing and aborted POSTs on two nodes", "takes long: test/cluster/racing-posts.test.ts"],
  ["idle time, lifetime, heartbeats", "needs settings of its own: test/conformance/lifecycle.test.ts"],
];
