/// <reference path="../pb_data/types.d.ts" />

/**
 * Publishes one record event at Sluice's HTTP door, with everything that rules may read: hidden fields, e-mail, and the
 * token key, by which gateways verify PocketBase's tokens. None of these leaves a gateway without the right to see it.
 * @param {"create"|"update"|"delete"} action
 */
function publish(action, record) {
  const url = $os.getenv("SLUICE_URL");
  const collection = record.collection();
  // one-time passwords and the like are nobody's business
  if (url === "" || collection.system) return;
  const full = record.fresh();
  full.unhide(...collection.fields.fieldNames());
  full.ignoreEmailVisibility(true);
  const row = JSON.parse(JSON.stringify(full));
  if (collection.isAuth()) row.tokenKey = record.getString("tokenKey");
  const claims = { id: "pocketbase", collectionId: "pbc_3142635823", type: "auth" };
  try {
    const answer = $http.send({
      url: `${url}/api/realtime/publish`,
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Authorization: $security.createJWT(claims, $os.getenv("SLUICE_SECRET"), 60),
      },
      body: JSON.stringify({ collection: collection.name, action, record: row }),
      timeout: 5,
    });
    if (answer.statusCode !== 200) {
      $app
        .logger()
        .error("Sluice refused an event", "status", answer.statusCode, "collection", collection.name);
    }
  } catch (error) {
    // the write itself is done: whoever made it must not get an error for this
    $app.logger().error("Sluice could not be reached", "error", String(error), "collection", collection.name);
  }
}

module.exports = { publish };
