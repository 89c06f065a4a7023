import { accessCases } from "./access-cases.ts";
import { bindingCases } from "./binding-cases.ts";
import { bodyCases, ownBodyCases } from "./body-cases.ts";
import { connectCases, ownConnectCases } from "./connect-cases.ts";
import { corsCases } from "./cors-cases.ts";
import { excerptCases } from "./excerpt-cases.ts";
import { expandCases } from "./expand-cases.ts";
import { exportCases } from "./export-cases.ts";
import { filterCases } from "./filter-cases.ts";
import { formCases } from "./form-cases.ts";
import { identityCases } from "./identity-cases.ts";
import { leaveCases } from "./leave-cases.ts";
import { limitCases } from "./limit-cases.ts";
import { oauth2Cases } from "./oauth2-cases.ts";
import { optionCases } from "./option-cases.ts";
import { pickerCases } from "./picker-cases.ts";
import { ruleCases } from "./rule-cases.ts";
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
  ...formCases,
  ...limitCases,
  ...subscribeCases,
  ...bindingCases,
  ...topicCases,
  ...ruleCases,
  ...leaveCases,
  ...accessCases,
  ...optionCases,
  ...filterCases,
  ...exportCases,
  ...pickerCases,
  ...excerptCases,
  ...expandCases,
  ...oauth2Cases,
  ...identityCases,
];
