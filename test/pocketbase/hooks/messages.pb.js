/// <reference path="../pb_data/types.d.ts" />

// PocketBase sends custom messages from its own code only: this is such code, for the conformance cases.

routerAdd(
  "POST",
  "/api/test/messages",
  (e) => {
    const { topic, data, clientId } = e.requestInfo().body;
    const clients = $app.subscriptionsBroker().clients();
    for (const id in clients) {
      if (clientId && clientId !== id) continue;
      for (const name in clients[id].subscriptions(`${topic}?`)) {
        const text = data === undefined ? "" : JSON.stringify(data);
        clients[id].send(new SubscriptionMessage({ name, data: text }));
      }
    }
    return e.noContent(204);
  },
  $apis.requireSuperuserAuth(),
);
