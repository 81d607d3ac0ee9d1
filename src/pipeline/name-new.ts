import type { Value } from "../runtime/values.ts";
import { alonePrompt, BACKDROPS } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { meanOver, runsOf } from "./marked-words.ts";
import type { Programs } from "./programs.ts";

/** The prompt that draws by itself what an edit's prompt names as new, by the embeddings of its tokens; undefined where the model takes none of its words for that. */
export async function promptForNew(
  programs: Programs,
  tokenizer: Tokenizer,
  prompt: readonly number[],
  embeddings: Value,
  imageToken: number,
): Promise<string | undefined> {
  const { named } = await programs.name().run({ embeddings });
  return promptOf(tokenizer, prompt, named.data as Float32Array, imageToken);
}

/** The same, by what `traceName` says of every token, two numbers each. */
export function promptOf(
  tokenizer: Pick<Tokenizer, "decode">,
  prompt: readonly number[],
  said: Float32Array,
  imageToken: number,
): string | undefined {
  const after = prompt.lastIndexOf(imageToken) + 1;
  const runs = runsOf(prompt.map((_, at) => at >= after && said[2 * at] > 0));
  // The longest of them, the first of these.
  const found = runs.reduce((best, run) => (run[1] - run[0] > best[1] - best[0] ? run : best), [0, 0]);
  const words = tokenizer.decode(prompt.slice(...found), { skipSpecial: true }).trim();
  if (words === "") return undefined;
  const odds = meanOver(found, (at) => said[2 * at + 1]);
  return alonePrompt(words, BACKDROPS[odds > 0 ? 0 : 1]);
}
