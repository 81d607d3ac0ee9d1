/**
 * `npm run parity -- FOLDER [CASE...]`: computes every case of a folder of recorded outputs of the official implementation, and compares.
 * Prints a line an output; exits 1 when any case fails.
 */
import { UserError } from "../../errors.ts";
import { type CaseResult, runParity } from "./parity.ts";
import { reportCase, reportHeader, reportSummary } from "./report.ts";

async function main([folder, ...cases]: string[]): Promise<boolean> {
  if (!folder) throw new UserError("Name the folder with the recorded cases: npm run parity -- FOLDER [CASE...].");
  const results: CaseResult[] = [];
  for await (const result of runParity(folder, cases)) {
    if (results.length === 0) console.log(reportHeader());
    results.push(result);
    console.log(reportCase(result));
    // A runner's own mistake is found by where it happened.
    if (result.error && !(result.error instanceof UserError)) console.error(result.error);
  }
  console.log(reportSummary(results));
  return results.every(({ pass }) => pass);
}

try {
  if (!(await main(process.argv.slice(2)))) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
