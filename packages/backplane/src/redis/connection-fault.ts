/** What Redis, or the way to it, means by refusing a connection. */
interface Meaning {
  readonly form: RegExp;
  readonly words: string;
  /** Whether trying again is in vain. */
  readonly lasts: boolean;
}

const meanings: readonly Meaning[] = [
  { form: /\bWRONGPASS\b/, words: "the user or the password is wrong", lasts: true },
  { form: /\bNOPERM\b/, words: "the user lacks a permission", lasts: true },
  { form: /DB index is out of range/, words: "it has no database of that number", lasts: true },
  { form: /\bNOAUTH\b/, words: "it wants a password, as in redis://user:password@host", lasts: true },
  {
    form: /^ERR_TLS_CERT_ALTNAME_INVALID/,
    words: "its certificate is for other names than the host of the URL",
    lasts: true,
  },
  {
    form: /^(?:SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF))/,
    words: "its certificate is signed by a CA that is not known here; name the CA's file as ?ca=…",
    lasts: true,
  },
  { form: /^CERT_HAS_EXPIRED/, words: "its certificate has expired", lasts: true },
  {
    form: /^ERR_SSL\w*CERTIFICATE_REQUIRED/,
    words: "it wants a client's certificate, as ?cert=…&key=…",
    lasts: true,
  },
  { form: /\bECONNRESET\b/, words: "it hung up; perhaps it wants TLS, rediss://", lasts: false },
  { form: /\bETIMEDOUT\b/, words: "it did not answer; perhaps it is not there, or has no TLS", lasts: false },
];

/** Why Redis could not be connected to, for its operator. */
export function wordsFor(error: unknown): string {
  if (!(error instanceof Error)) return "no answer";
  const meaning = meaningOf(error);
  return meaning === undefined ? error.message : `${meaning.words} (${error.message.trim()})`;
}

/** Whether a connection is refused for a reason that does not pass by itself. */
export function isLasting(error: Error): boolean {
  return meaningOf(error)?.lasts ?? false;
}

function meaningOf(error: Error): Meaning | undefined {
  const text = `${"code" in error ? `${String(error.code)} ` : ""}${error.message}`;
  return meanings.find(({ form }) => form.test(text));
}
