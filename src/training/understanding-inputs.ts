import type { Question } from "../data/questions.ts";
import { patchSide, type UniPicConfig } from "../models/config.ts";
import { featureRows } from "../models/unipic.ts";
import type { Random } from "../random.ts";
import { hostArray } from "../tensor/dtype.ts";
import { questionPrompt, TURN_END } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Batch } from "./batches.ts";
import type { StageConfig } from "./stage.ts";
import { imageToken, pad } from "./token-rows.ts";

type Asked = Pick<Question, "question" | "answer">;

/** The questions about one picture, in one row of tokens. */
interface AskedRow {
  ids: number[];
  /** Where each token would stand if its question were the only one. */
  positions: number[];
  /** 0 where the picture and what stands before it is, which all questions look back to; n for the nth question. */
  turns: number[];
  /** Places whose next token is part of an answer. */
  answers: number[];
}

/**
 * What answering questions needs beside pictures: of every picture, each of its questions as if it were asked alone, all looking at the
 * same picture, which costs once. See `wordDropout` and `questionTokens` in stage.ts.
 */
export function understandingInputs(
  config: UniPicConfig,
  tokenizer: Tokenizer,
  asked: readonly (readonly Asked[])[],
  random: Random,
  { wordDropout, questionTokens }: Pick<StageConfig, "wordDropout" | "questionTokens">,
): Batch {
  const image = imageToken(tokenizer);
  const patches = patchSide(config.siglip2) ** 2;
  const told = asked.map((questions) => askedRow(tokenizer, questions, image, patches, questionTokens));
  const ids = pad(told.map((row) => row.ids));
  const { shape } = ids;
  const [, length] = shape;
  const rows = told.flatMap(({ answers }, b) => answers.map((at) => b * length + at));
  const labels = told.flatMap((row) => row.answers.map((at) => row.ids[at + 1]));
  const read = ids.rows.flat();
  if (wordDropout > 0) dropWords(read, rows, labels, wordDropout, random);
  const padded = (name: "positions" | "turns") => pad(told.map((row) => row[name])).rows.flat();
  return {
    ids: hostArray("int64", shape, read),
    positions: hostArray("int64", shape, padded("positions")),
    turns: hostArray("int64", shape, padded("turns")),
    mask: hostArray(
      "int64",
      shape,
      ids.rows.flatMap((row, b) => row.map((_, i) => (i < ids.lengths[b] ? 1 : 0))),
    ),
    source: hostArray("int64", shape, featureRows(ids.rows, image, patches)),
    rows: hostArray("int64", [rows.length], rows),
    labels: hostArray("int64", [labels.length], labels),
  };
}

/** @param room the most tokens of questions and answers together; questions that find no room are left out, save the first */
function askedRow(
  tokenizer: Tokenizer,
  asked: readonly Asked[],
  image: number,
  patches: number,
  room = Number.POSITIVE_INFINITY,
): AskedRow {
  let taken = 0;
  const row: AskedRow = { ids: [], positions: [], turns: [], answers: [] };
  asked.forEach(({ question, answer }, i) => {
    const prompt = tokenizer.encode(questionPrompt(question, patches));
    const shared = prompt.lastIndexOf(image) + 1;
    const whole = [...prompt, ...tokenizer.encode(answer + TURN_END)];
    const own = whole.length - shared;
    if (i > 0 && taken + own > room) return;
    taken += own;
    const from = i === 0 ? 0 : shared;
    whole.slice(from).forEach((id, at) => {
      const position = from + at;
      if (position >= prompt.length) row.answers.push(row.ids.length - 1);
      row.ids.push(id);
      row.positions.push(position);
      row.turns.push(position < shared ? 0 : i + 1);
    });
  });
  return row;
}

/** Puts a word of some answer in the place of one that is read, where the same answer goes on after it. */
function dropWords(read: number[], rows: number[], labels: number[], share: number, random: Random): void {
  rows.forEach((row, i) => {
    const goesOn = rows[i + 1] === row + 1;
    if (goesOn && random.chance(share)) read[row + 1] = random.pick(labels);
  });
}
