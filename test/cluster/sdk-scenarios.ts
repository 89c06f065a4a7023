import { faultScenarios } from "./sdk-fault-scenarios.ts";
import { identityScenarios } from "./sdk-identity-scenarios.ts";
import type { Scenario } from "./sdk-stage.ts";
import { subscriptionScenarios } from "./sdk-subscription-scenarios.ts";

/** What applications do with the SDKs. */
export const scenarios: readonly Scenario[] = [
  ...subscriptionScenarios,
  ...identityScenarios,
  ...faultScenarios,
];
