import { UserError } from "../../errors.ts";
import { type Comparison, compare, failure } from "./compare.ts";
import { expectedOutputs } from "./expected.ts";
import type { CaseEntry } from "./manifest.ts";
import { ParityFolder } from "./parity-case.ts";
import { runnerOf } from "./registry.ts";
import { describeTolerance } from "./tolerance.ts";

/** One line of the report. */
export interface OutputResult extends Comparison {
  output: string;
  tolerance: string;
}

/** How a case came out: it passes when every output does. */
export interface CaseResult {
  name: string;
  pass: boolean;
  outputs: OutputResult[];
  /** What the case threw, if it did. */
  error?: unknown;
}

/**
 * Runs the cases of a parity folder one after another, in the manifest's order.
 *
 * @param only names of the cases to run; all when empty
 * @throws UserError when the folder is not a parity folder or has no case of such a name
 */
export async function* runParity(path: string, only: readonly string[] = []): AsyncGenerator<CaseResult> {
  const folder = await ParityFolder.open(path);
  try {
    const { cases } = folder.manifest;
    for (const name of only) {
      if (!cases.some((entry) => entry.name === name)) {
        throw new UserError(`There is no case "${name}" in "${path}": it has ${cases.map((c) => c.name).join(", ")}.`);
      }
    }
    for (const entry of cases) {
      if (only.length === 0 || only.includes(entry.name)) yield await runCase(folder, entry);
    }
  } finally {
    await folder.close();
  }
}

/** A case never throws: what goes wrong in it is its failure, and the others still run. */
async function runCase(folder: ParityFolder, entry: CaseEntry): Promise<CaseResult> {
  try {
    const outputs = await runOutputs(folder, entry);
    return { name: entry.name, pass: outputs.every(({ pass }) => pass), outputs };
  } catch (error) {
    return failedCase(entry, error);
  }
}

async function runOutputs(folder: ParityFolder, entry: CaseEntry): Promise<OutputResult[]> {
  const run = await runnerOf(entry.kind);
  if (!run) throw new UserError(`nothing here computes cases of kind "${entry.kind}"`);
  const context = await folder.openCase(entry);
  try {
    const expected = await expectedOutputs(context);
    if (expected.size === 0) throw new UserError("the manifest lists no outputs for this case");
    const produced = await run(context);
    return Array.from(expected, ([output, { value, tolerance, ignore }]) => {
      const got = produced.get(output);
      const result = got ? compare(got, value, tolerance, ignore) : failure("was not produced");
      return { output, tolerance: describeTolerance(tolerance), ...result };
    });
  } finally {
    await context.close();
  }
}

function failedCase(entry: CaseEntry, error: unknown): CaseResult {
  const note = error instanceof Error ? error.message : String(error);
  return { name: entry.name, pass: false, outputs: [{ output: "-", tolerance: "-", ...failure(note) }], error };
}
