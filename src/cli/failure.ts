import { CommanderError } from "commander";
import { UserError } from "../errors.ts";

/** Ctrl-C, or the system's request to end: what was stopped, and what became of the work. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** How a command ended: what to say on stderr (nothing where it has been said), and the exit code. */
export interface Outcome {
  code: number;
  message?: string;
}

/** The exit code for a command line that cannot be understood; everything else that fails ends in 1. */
const MISUSE = 2;

/** Turns what a command threw into one sentence for the person at the terminal; with `debug`, the stack as well. */
export function outcomeOf(error: unknown, debug: boolean): Outcome {
  if (error instanceof CommanderError) return { code: error.exitCode === 0 ? 0 : MISUSE };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (debug) return { code: 1, message: `unipic: ${message}\n${stack}${causeOf(error)}` };
  if (error instanceof UserError || error instanceof Interrupted) {
    // A message may quote a file; nothing of it reaches the terminal as a control sequence.
    return { code: 1, message: `unipic: ${message.replace(/\p{Cc}+/gu, " ")}` };
  }
  const [first] = message.split("\n");
  return { code: 1, message: `unipic: Something unexpected went wrong (--debug shows where): ${first}` };
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? "" : `\nCaused by: ${cause instanceof Error ? cause.stack : cause}`;
}
