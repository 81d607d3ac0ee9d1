/** Adding a special token to the files of a Hugging Face tokenizer. */
import { UserError } from "../errors.ts";
import type { TokenizerJson } from "./tokenizer.ts";

/** The contents of `tokenizer.json` and `tokenizer_config.json`. */
export interface TokenizerFiles {
  tokenizer: TokenizerJson;
  config: TokenizerJson;
}

interface AddedToken {
  id: number;
  content: string;
}

/**
 * The same files with one more special token, whose id follows the largest that is in use, as transformers' `add_special_tokens` gives it.
 * Files that have the token already come back as they are.
 *
 * @returns the files, and the token's id
 * @throws UserError when the files are not a tokenizer's
 */
export function withSpecialToken(files: TokenizerFiles, content: string): TokenizerFiles & { id: number } {
  const { tokenizer, config } = files;
  const added = (tokenizer.added_tokens ?? []) as AddedToken[];
  const vocabulary = (tokenizer.model as { vocab?: Record<string, number> } | undefined)?.vocab;
  if (!Array.isArray(added) || typeof vocabulary !== "object" || vocabulary === null || Array.isArray(vocabulary)) {
    throw new UserError("The tokenizer.json is not in the form of a byte-level BPE tokenizer, as Qwen2's is.");
  }
  const known = added.find((token) => token?.content === content)?.id;
  if (known !== undefined) return { ...files, id: known };
  let id = 0;
  for (const used of [...Object.values(vocabulary), ...added.map((token) => token?.id)]) id = Math.max(id, used + 1);
  if (!Number.isSafeInteger(id)) throw new UserError("The tokenizer.json has a token whose id is no whole number.");
  const token = { content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const others = (config.additional_special_tokens ?? []) as unknown[];
  return {
    id,
    tokenizer: { ...tokenizer, added_tokens: [...added, { id, ...token }] },
    config: {
      ...config,
      added_tokens_decoder: { ...(config.added_tokens_decoder as object | undefined), [id]: token },
      additional_special_tokens: [...others, content],
    },
  };
}
