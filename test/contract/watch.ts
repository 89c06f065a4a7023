import { afterAll, afterEach, expect } from "vitest";
import { takeProblems, watchAnswers } from "./watched-answers.ts";

watchAnswers();

/** An answer or a frame that `docs/openapi.yaml` or `docs/asyncapi.yaml` does not have fails the test that saw it. */
const check = (): void => expect(takeProblems()).toEqual([]);

afterEach(check);
afterAll(check);
