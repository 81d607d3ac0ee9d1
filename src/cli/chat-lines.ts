/** Where the lines of a conversation come from: a person at a terminal, or a pipe. */
import { createInterface, type Interface } from "node:readline";
import { Interrupted } from "./failure.ts";
import { takeInterrupts } from "./interruptible.ts";

/** Lines, one at a time, and work between them that can be stopped. */
export interface ChatLines {
  /** The next line; undefined when there are no more. */
  next(): Promise<string | undefined>;
  /** Does work that can be stopped. */
  working<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  close(): void;
}

/** Lines of a pipe or a file. The signal stops the work, and with it the whole conversation. */
export function pipedLines(input: NodeJS.ReadableStream, signal: AbortSignal): ChatLines {
  const reader = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  // Asked for at once: lines that come before the first is wanted would be lost.
  const lines = reader[Symbol.asyncIterator]();
  signal.addEventListener("abort", () => reader.close());
  return {
    async next() {
      const { value } = await lines.next();
      signal.throwIfAborted();
      return value as string | undefined;
    },
    working: (work) => work(signal),
    close: () => reader.close(),
  };
}

/** A terminal's input, as far as lines are read from it. */
export type TerminalInput = NodeJS.ReadableStream & { setRawMode?: (isRaw: boolean) => unknown };

const PROMPT = "> ";

/**
 * Lines that a person types, with editing and a history. Ctrl-C stops the work that is done; at the prompt it empties the line, and where
 * that is empty, a second one leaves.
 */
export class TerminalLines implements ChatLines {
  readonly #reader: Interface;
  readonly #giveBack: () => void;
  /** Lines that were typed or pasted before they were asked for. */
  readonly #early: string[] = [];
  #asking: ((line: string | undefined) => void) | undefined;
  #work: AbortController | undefined;
  #isClosed = false;
  #isLastWarning = false;

  constructor(
    private readonly input: TerminalInput,
    private readonly output: NodeJS.WritableStream,
  ) {
    this.#reader = createInterface({ input, output, prompt: PROMPT, terminal: true });
    this.#reader.on("line", (line) => this.#give(line));
    this.#reader.on("SIGINT", () => this.#interrupt());
    this.#reader.on("close", () => {
      this.#isClosed = true;
      this.#give(undefined);
    });
    this.#giveBack = takeInterrupts(() => this.#interrupt());
  }

  next(): Promise<string | undefined> {
    const early = this.#early.shift();
    if (early !== undefined || this.#isClosed) return Promise.resolve(early);
    return new Promise((resolve) => {
      this.#asking = resolve;
      this.#reader.prompt();
    });
  }

  async working<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // The terminal itself turns Ctrl-C into a signal, and typing does not disturb what is shown meanwhile.
    this.#reader.pause();
    this.input.setRawMode?.(false);
    const controller = new AbortController();
    this.#work = controller;
    try {
      return await work(controller.signal);
    } finally {
      this.#work = undefined;
      if (!this.#isClosed) this.input.setRawMode?.(true);
    }
  }

  close(): void {
    this.#giveBack();
    this.#reader.close();
  }

  #give(line: string | undefined): void {
    this.#isLastWarning = false;
    const asking = this.#asking;
    this.#asking = undefined;
    if (asking) asking(line);
    else if (line !== undefined) this.#early.push(line);
  }

  #interrupt(): void {
    if (this.#work) {
      this.#work.abort(new Interrupted("Stopped."));
      this.#isLastWarning = true;
    } else if (this.#reader.line !== "") {
      this.output.write("^C\n");
      this.#reader.write(null, { ctrl: true, name: "e" });
      this.#reader.write(null, { ctrl: true, name: "u" });
    } else if (this.#isLastWarning) {
      this.output.write("\n");
      this.#reader.close();
    } else {
      this.output.write("\nCtrl-C again, or /quit, leaves.\n");
      this.#isLastWarning = true;
      this.#reader.prompt();
    }
  }
}
