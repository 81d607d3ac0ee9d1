import { UserError } from "../src/errors.ts";

/** Runs a script: what a person can act on becomes one sentence and exit code 1, everything else keeps its stack. */
export async function run(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const isUsage = (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
    if (!(error instanceof UserError) && !isUsage) throw error;
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
