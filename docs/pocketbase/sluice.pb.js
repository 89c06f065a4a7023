/// <reference path="../pb_data/types.d.ts" />

// Sluice beside PocketBase: copy this file and sluice.js into pb_hooks. What each part is for: docs/migrate.md.

// 1. For the bridge, and for superusers only: what the API tells nobody, so that gateways can verify PocketBase's tokens.

/** The secret of each auth collection's tokens, by the collection's id. */
routerAdd(
  "POST",
  "/api/sluice/secrets",
  (e) => {
    const secrets = {};
    for (const collection of $app.findAllCollections("auth")) {
      secrets[collection.id] = collection.authToken.secret;
    }
    return e.json(200, secrets);
  },
  $apis.requireSuperuserAuth(),
);

/** The token keys of some records of an auth collection, by the records' ids. */
routerAdd(
  "POST",
  "/api/sluice/token-keys",
  (e) => {
    const { collection, ids } = e.requestInfo().body;
    const keys = {};
    for (const record of $app.findRecordsByIds(collection, ids)) {
      keys[record.id] = record.getString("tokenKey");
    }
    return e.json(200, keys);
  },
  $apis.requireSuperuserAuth(),
);

// 2. Instead of the bridge: each change is published at once, where SLUICE_URL and SLUICE_SECRET (a gateway's
// AUTH_SECRET) are in PocketBase's environment. What a gateway cannot take at that moment is lost.

onRecordAfterCreateSuccess((e) => {
  e.next();
  require(`${__hooks}/sluice.js`).publish("create", e.record);
});

onRecordAfterUpdateSuccess((e) => {
  e.next();
  require(`${__hooks}/sluice.js`).publish("update", e.record);
});

onRecordAfterDeleteSuccess((e) => {
  e.next();
  require(`${__hooks}/sluice.js`).publish("delete", e.record);
});
