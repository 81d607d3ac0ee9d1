import { releaseValues } from "../runtime/values.ts";
import { hostArray } from "../tensor/dtype.ts";
import { alonePrompt, BACKDROPS } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Programs } from "./programs.ts";

/** The prompt that draws by itself what an edit's prompt names as new; undefined where the model takes none of its words for that. */
export async function promptForNew(
  programs: Programs,
  tokenizer: Tokenizer,
  prompt: readonly number[],
  imageToken: number,
): Promise<string | undefined> {
  const ids = hostArray("int64", [1, prompt.length], prompt);
  const { embeddings } = await programs.embed(false).runOnDevice({ ids });
  const { named } = await programs.name().run({ embeddings });
  releaseValues([embeddings]);
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
  const found = longestRun(prompt.map((_, at) => at >= after && said[2 * at] > 0));
  const words = tokenizer.decode(prompt.slice(...found), { skipSpecial: true }).trim();
  if (words === "") return undefined;
  let odds = 0;
  for (let at = found[0]; at < found[1]; at++) odds += said[2 * at + 1];
  return alonePrompt(words, BACKDROPS[odds > 0 ? 0 : 1]);
}

/** From where up to, not including, where the most are true in a row: the first such run. */
function longestRun(are: readonly boolean[]): [from: number, to: number] {
  let longest: [number, number] = [0, 0];
  let start = 0;
  are.forEach((is, at) => {
    if (!is) start = at + 1;
    else if (at + 1 - start > longest[1] - longest[0]) longest = [start, at + 1];
  });
  return longest;
}
