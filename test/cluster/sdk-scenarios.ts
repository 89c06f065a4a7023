import { faultScenarios } from "./sdk-fault-scenarios.ts";
import { identityScenarios } from "./sdk-identity-scenarios.ts";
import { networkScenarios } from "./sdk-network-scenarios.ts";
import { optionScenarios } from "./sdk-option-scenarios.ts";
import { recordScenarios } from "./sdk-record-scenarios.ts";
import type { Scenario } from "./sdk-stage.ts";
import { subscriptionScenarios } from "./sdk-subscription-scenarios.ts";

/** What applications do with the SDKs. */
export const scenarios: readonly Scenario[] = [
  ...subscriptionScenarios,
  ...optionScenarios,
  ...recordScenarios,
  ...identityScenarios,
  ...networkScenarios,
  ...faultScenarios,
];
