/** The suites by name, in the order in which they run. */
import { dense } from "./dense.ts";
import { edit } from "./edit.ts";
import { genEval } from "./geneval.ts";
import { objects } from "./objects.ts";
import type { Suite } from "./suite.ts";
import { vqa } from "./vqa.ts";

export const SUITES: readonly Suite[] = [genEval, dense, edit, vqa, objects];

export type { Exhibit, Score, Suite, SuiteOptions, SuiteResult, World } from "./suite.ts";
