const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const length = 40;

/**
 * Makes a client id as PocketBase does: 40 characters of `[A-Za-z0-9]`, unguessable, since whoever
 * knows it may set the subscriptions of its stream until an identity is bound.
 * @param fillRandom fills the array with cryptographically random bytes
 */
export function createClientId(fillRandom: (bytes: Uint8Array) => void): string {
  let id = "";
  const bytes = new Uint8Array(length * 2);
  while (id.length < length) {
    fillRandom(bytes);
    id += pickCharacters(bytes);
  }
  return id.slice(0, length);
}

/** Whether a text can be a client id at all. */
export function isClientId(text: string): boolean {
  return text.length === length && /^[A-Za-z0-9]+$/.test(text);
}

/** Bytes past the last whole multiple of the alphabet are dropped, so that every character is as likely. */
function pickCharacters(bytes: Uint8Array): string {
  const fair = 256 - (256 % alphabet.length);
  return [...bytes]
    .filter((byte) => byte < fair)
    .map((byte) => alphabet.charAt(byte % alphabet.length))
    .join("");
}
