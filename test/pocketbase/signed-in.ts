import PocketBase from "pocketbase-0.28";
import { superuser } from "./pocketbase-process.ts";

const password = "a password of the tests";

/** The SDK as a PocketBase's superuser. */
export async function signInSuperuser(url: string): Promise<PocketBase> {
  const client = new PocketBase(url);
  client.autoCancellation(false);
  await client.collection("_superusers").authWithPassword(superuser.email, superuser.password);
  return client;
}

/** Creates a user and returns its id. */
export async function createUser(root: PocketBase, name: string): Promise<string> {
  const email = `${name}@example.com`;
  const user = { name, email, password, passwordConfirm: password };
  return (await root.collection("users").create(user)).id;
}

/** The SDK as a user, signed in with the password, or as a guest where no name is given. */
export async function signInUser(url: string, name?: string): Promise<PocketBase> {
  const client = new PocketBase(url);
  client.autoCancellation(false);
  if (name !== undefined) await client.collection("users").authWithPassword(`${name}@example.com`, password);
  return client;
}

/** Adds collections, or changes those that are there; the SDK's types ask for more than PocketBase does. */
export async function importCollections(root: PocketBase, collections: readonly object[]): Promise<void> {
  await root.send("/api/collections/import", { method: "PUT", body: { collections, deleteMissing: false } });
}
