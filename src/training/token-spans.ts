import type { Span } from "../data/index.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** From where up to, not including, where each token's characters stand in the text of all of them. */
export function tokenSpans(
  tokenizer: Pick<Tokenizer, "createTextStream">,
  ids: readonly number[],
): (readonly [from: number, to: number])[] {
  const stream = tokenizer.createTextStream();
  let end = 0;
  return ids.map((id) => {
    const start = end;
    end += stream.push(id).length;
    return [start, end];
  });
}

/** Whether a token has characters of those from one up to another of a text that begins at `begin`. */
export const isOfSpan = (
  [from, to]: readonly [from: number, to: number],
  span: Span | undefined,
  begin: number,
): boolean => span !== undefined && from < begin + span.to && to > begin + span.from;
