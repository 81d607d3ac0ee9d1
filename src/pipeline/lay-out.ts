import type { Region } from "../image/cut-out.ts";
import { LAYOUT_NUMBERS } from "../models/layout.ts";
import { releaseValues } from "../runtime/values.ts";
import { alonePrompt, BACKDROPS } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { embed } from "./embed.ts";
import { meanOver, runsOf } from "./marked-words.ts";
import type { Programs } from "./programs.ts";

/** Something that a prompt names. */
export interface LaidOutThing {
  /** What draws it by itself. */
  words: string;
  /** Where in the picture it goes. */
  box: Region;
}

/** One or two things are drawn well together. */
const FEWEST = 3;
/** Each is drawn, and a prompt is read as a whole: more are left to one drawing. */
const MOST = 8;

/** The things that a prompt names, in its order, where they are as many as are to be drawn by themselves; none otherwise. */
export async function thingsNamed(
  programs: Programs,
  tokenizer: Tokenizer,
  prompt: readonly number[],
): Promise<LaidOutThing[]> {
  const embeddings = await embed(programs, prompt);
  const { said } = await programs.layOut().run({ embeddings });
  releaseValues([embeddings]);
  return layoutOf(tokenizer, prompt, said.data as Float32Array);
}

/** The same, by what `traceLayOut` says of every token, six numbers each. */
export function layoutOf(
  tokenizer: Pick<Tokenizer, "decode">,
  prompt: readonly number[],
  said: Float32Array,
): LaidOutThing[] {
  const number = (at: number, index: number) => said[at * LAYOUT_NUMBERS + index];
  const things = runsOf(prompt.map((_, at) => number(at, 0) > 0)).flatMap((run) => {
    const words = tokenizer.decode(prompt.slice(...run), { skipSpecial: true }).trim();
    if (words === "") return [];
    const mean = (index: number) => meanOver(run, (at) => number(at, index));
    const [left, top, right, bottom] = [2, 3, 4, 5].map(mean);
    return [{ words: alonePrompt(words, BACKDROPS[mean(1) > 0 ? 0 : 1]), box: { left, top, right, bottom } }];
  });
  return things.length >= FEWEST && things.length <= MOST ? things : [];
}
