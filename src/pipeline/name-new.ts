import { alonePrompt, BACKDROPS } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { ToldChanges } from "./told-changes.ts";

/** The prompt that draws by itself what an edit's prompt names as new; undefined where that is no words. */
export function promptForNew(
  tokenizer: Pick<Tokenizer, "decode">,
  prompt: readonly number[],
  { from, to, onFirst }: NonNullable<ToldChanges["fresh"]>,
): string | undefined {
  const words = tokenizer.decode(prompt.slice(from, to), { skipSpecial: true }).trim();
  return words === "" ? undefined : alonePrompt(words, BACKDROPS[onFirst ? 0 : 1]);
}
