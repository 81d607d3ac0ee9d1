/** The entry of the `unipic` command. */
import { endOnInterrupt } from "./interruptible.ts";
import { runCommandLine } from "./program.ts";

// A reader that has seen enough, as `head` does, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
endOnInterrupt();
process.exitCode = await runCommandLine(process.argv.slice(2));
