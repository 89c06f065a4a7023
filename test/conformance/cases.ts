import { bodyCases, ownBodyCases } from "./body-cases.ts";
import { connectCases, ownConnectCases } from "./connect-cases.ts";
import { corsCases } from "./cors-cases.ts";
import { identityCases } from "./identity-cases.ts";
import { oauth2Cases } from "./oauth2-cases.ts";
import { subscribeCases } from "./subscribe-cases.ts";
import type { Case } from "./target.ts";
import { topicCases } from "./topic-cases.ts";

/** All cases, in the order in which they run; the last one takes a collection away. */
export const cases: readonly Case[] = [
  ...connectCases,
  ...ownConnectCases,
  ...corsCases,
  ...bodyCases,
  ...ownBodyCases,
  ...subscribeCases,
  ...topicCases,
  ...oauth2Cases,
  ...identityCases,
];

/** What PocketBase's own tests check and this suite does not, and why. */
export const notApplicable: readonly (readonly [id: string, what: string, reason: string])[] = [
  ["C2", "a message hook fails for PB_CONNECT", "there are no hooks: nothing can refuse a frame"],
  ["C3", "a message hook swallows messages", "there are no hooks"],
  [
    "A2, A7",
    "an update of the auth record is visible to rules",
    "the identity is what the token says; no rule reads it yet",
  ],
  [
    "A4",
    "the secret of an auth collection changes",
    "tokens are verified with configured keys, not with a collection's secret",
  ],
  ["R2, R3", "records behind a proxy or a custom model", "an event is JSON, whatever wrote it"],
];
