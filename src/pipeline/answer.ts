import { Random } from "../random.ts";
import { releaseValues } from "../runtime/values.ts";
import { chooseToken } from "../sampling/text-decoding.ts";
import { END_OF_TEXT, TURN_END } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { type DescribeOptions, within } from "./options.ts";
import type { Programs } from "./programs.ts";
import { type ReadPrompts, readOn } from "./read-prompts.ts";

/** An answer, and what the language model has then read. */
export interface Answer {
  text: string;
  read: ReadPrompts;
  /** The answer's last tokens that were not read any more, because nothing was to come after them. */
  unread: number[];
}

/** Options of an answer that were found in range. */
export interface AnswerSettings {
  options: DescribeOptions;
  most: number;
  random: Random;
}

/**
 * Checks the options of an answer, before anything is computed.
 *
 * @throws UserError for one out of range
 */
export function answerSettings(options: DescribeOptions): AnswerSettings {
  return {
    options,
    most: within("maxTokens", options.maxTokens ?? 64, 1, 4096, true),
    random: new Random(within("seed", options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER, true)),
  };
}

/** Lets the language model answer after what it has read of one row. `start` stays valid; the result's cache is the caller's to release. */
export async function answerAfter(
  programs: Programs,
  tokenizer: Tokenizer,
  start: ReadPrompts,
  { options, most, random }: AnswerSettings,
): Promise<Answer> {
  const stops = [TURN_END, END_OF_TEXT].map((token) => tokenizer.tokenId(token));
  const stream = tokenizer.createTextStream({ skipSpecial: true });
  let text = "";
  const say = (piece: string) => {
    text += piece;
    if (piece !== "") options.onText?.(piece);
  };
  let read = start;
  const leave = () => {
    if (read !== start) releaseValues(read.cache);
  };
  const unread: number[] = [];
  try {
    for (let length = 0; length < most; length++) {
      options.signal?.throwIfAborted();
      const id = chooseToken(read.logits.data as Float32Array, options, random);
      if (stops.includes(id)) break;
      say(stream.push(id));
      if (length + 1 === most) {
        unread.push(id);
        break;
      }
      const next = await readOn(programs, read, [id]);
      leave();
      read = next;
    }
    say(stream.end());
  } catch (error) {
    leave();
    throw error;
  }
  return { text, read, unread };
}
