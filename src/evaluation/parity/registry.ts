import { existsSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { ParityCase, ParityOutput } from "./parity-case.ts";

/**
 * Computes a case's outputs from its inputs. Runners may return more than is asked for, and return what `expectedOutputs` names.
 */
export type ParityRunner = (context: ParityCase) => Promise<Map<string, ParityOutput>>;

/**
 * The runner of a kind: the `run` that `cases/<kind>.ts` exports, so that adding a kind is adding a file.
 *
 * @returns undefined when there is no such file
 */
export async function runnerOf(kind: string): Promise<ParityRunner | undefined> {
  if (!/^[a-z0-9_]+$/.test(kind)) return undefined;
  // The same ending as this module's: .ts from source, .js once built.
  const module = new URL(`./cases/${kind}${extname(import.meta.url)}`, import.meta.url);
  if (!existsSync(fileURLToPath(module))) return undefined;
  const { run } = (await import(module.href)) as { run: ParityRunner };
  return run;
}
