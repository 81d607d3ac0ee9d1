import { backdropFor, type Edit, newThing, newThingWords } from "../data/index.ts";
import type { UniPicConfig } from "../models/config.ts";
import { hostArray } from "../tensor/dtype.ts";
import { BACKDROPS } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Batch } from "./batches.ts";
import { isOfSpan, tokenSpans } from "./token-spans.ts";

type Told = Pick<Edit, "source" | "target"> & { instruction?: string };

/**
 * Of every token of edits' prompts, filled up to one length, whether it is known what it names, names something new, and that stands out from the first backdrop:
 * `named` [batch, length, 3]. Nothing where the model puts nothing in its place.
 *
 * @param edits undefined where nothing is known of an edit but its pictures and its prompt
 */
export function namingInputs(
  { mar }: UniPicConfig,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  edits: readonly (Told | undefined)[],
): Batch {
  if (!mar.placed_pixels) return {};
  const rows = prompts.map((prompt) => tokenizer.encode(prompt));
  const length = Math.max(...rows.map((ids) => ids.length));
  const named = new Float32Array(prompts.length * length * 3);
  edits.forEach((edit, i) => {
    if (edit === undefined) return;
    const { instruction = "" } = edit;
    const found = newThingWords({ ...edit, instruction });
    const begin = prompts[i].lastIndexOf(instruction);
    // A long instruction is cut.
    if (begin < 0) return;
    const span = found && { from: found.at, to: found.at + found.words.length };
    const isFirst = found && backdropFor(newThing(edit)!) === BACKDROPS[0] ? 1 : 0;
    tokenSpans(tokenizer, rows[i]).forEach((token, at) => {
      const isNew = isOfSpan(token, span, begin);
      named.set([1, isNew ? 1 : 0, isNew ? isFirst : 0], (i * length + at) * 3);
    });
  });
  return { named: hostArray("float32", [prompts.length, length, 3], named) };
}
