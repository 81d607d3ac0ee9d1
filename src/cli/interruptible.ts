import { Interrupted } from "./failure.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

const endAtOnce = (): never => {
  process.stderr.write("unipic: Stopped before there was anything to keep.\n");
  process.exit(1);
};

/** From now on Ctrl-C ends the process with a sentence, wherever {@link interruptible} does not give it another meaning. */
export function endOnInterrupt(): void {
  for (const name of SIGNALS) process.once(name, endAtOnce);
}

/**
 * Does work that can be stopped: the first Ctrl-C fires the signal with `sentence` as its reason, and the work ends in good order; a
 * second one ends the process at once.
 */
export async function interruptible<T>(sentence: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort(new Interrupted(sentence));
  for (const name of SIGNALS) process.off(name, endAtOnce).once(name, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, stop);
  }
}

/** Gives every Ctrl-C to `handle`, until the function that is returned is called; from then on it ends the process again. */
export function takeInterrupts(handle: () => void): () => void {
  process.off("SIGINT", endAtOnce).on("SIGINT", handle);
  return () => {
    process.off("SIGINT", handle).once("SIGINT", endAtOnce);
  };
}
