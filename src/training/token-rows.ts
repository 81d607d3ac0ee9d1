import { IMAGE_TOKEN } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** The id of the sign that stands for an image feature. */
export const imageToken = (tokenizer: Tokenizer): number => {
  const id = tokenizer.tokenId(IMAGE_TOKEN);
  if (id === undefined) throw new Error(`The tokenizer has no token ${IMAGE_TOKEN}.`);
  return id;
};

/** Rows of token ids of one length. */
export interface Padded {
  rows: number[][];
  lengths: number[];
  shape: [number, number];
}

/** Rows filled up on the right to the longest; what fills them is never looked at. */
export function pad(rows: number[][]): Padded {
  const lengths = rows.map((row) => row.length);
  const longest = Math.max(...lengths);
  return {
    rows: rows.map((row) => [...row, ...new Array<number>(longest - row.length).fill(0)]),
    lengths,
    shape: [rows.length, longest],
  };
}
