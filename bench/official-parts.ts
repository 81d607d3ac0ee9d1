/** The programs of the pipeline, with inputs of the sizes that drawing, editing and describing one picture give them. */
import type { UniPicConfig } from "../src/models/config.ts";
import { tokenWidth } from "../src/models/config.ts";
import { traceDecoder, traceEncoder } from "../src/models/drawing-programs.ts";
import { cacheShape, traceLanguage, traceLogits } from "../src/models/language-programs.ts";
import { sharedCanvas } from "../src/models/mar.ts";
import type { Grid } from "../src/models/position-table.ts";
import {
  STEP_SCALARS,
  type Traced,
  tokenPixels,
  traceDenoise,
  traceLatents,
  tracePixels,
  traceSee,
} from "../src/models/programs.ts";
import { Random } from "../src/random.ts";
import { maskRounds } from "../src/sampling/mask-schedule.ts";
import { drawOrder, tokensBetween } from "../src/sampling/orders.ts";
import { type HostArray, hostArray } from "../src/tensor/index.ts";

export interface Part {
  name: string;
  traced: Traced;
  feeds: Record<string, HostArray>;
  /** Runs that are timed together. */
  repeats: number;
  /** Whether the picture's size matters. */
  sized: boolean;
}

/** Tokens of a prompt of some thirty words, and rounds of drawing. */
const PROMPT = 48;
const ROUNDS = 64;
/** A picture of 32 x 32 patches and a question. */
const ASKED = 1072;
/** With guidance every picture has a conditional and an unconditional row. */
const ROWS = 2;

const counted = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i);
const whole = (shape: number[], values: ArrayLike<number> | BigInt64Array): HostArray =>
  hostArray("int64", shape, values);

/** Everything that drawing, editing and describing a square picture runs; of drawing, a round in its middle, with guidance. */
export function partsOf(config: UniPicConfig, pixels: number): Part[] {
  const random = new Random(1);
  const numbers = (...shape: number[]): HostArray =>
    hostArray("float32", shape, random.normals(shape.reduce((a, b) => a * b)));
  const side = pixels / tokenPixels(config.mar);
  const seen = config.siglip2.image_size;
  const token = tokenWidth(config.mar);
  const language = (name: string, rows: number, length: number, past: number, keeps: boolean, repeats = 1): Part => ({
    name: `language model, ${name}`,
    traced: traceLanguage(config),
    feeds: {
      ...cacheOf(config, numbers, rows, past),
      embeddings: numbers(rows, length, config.llm.hidden_size),
      positions: whole(
        [rows, length],
        counted(rows).flatMap(() => counted(length, past)),
      ),
      before: whole([rows], new Array(rows).fill(past)),
      keep: whole([keeps ? length : 1], counted(keeps ? length : 1)),
    },
    repeats,
    sized: false,
  });
  return [
    language("a prompt", ROWS, PROMPT, 0, true, 2),
    ...roundParts(config, [side, side], numbers, random, (own) => ({
      ...language("a round", ROWS, own, PROMPT, false),
      sized: true,
    })),
    {
      name: "autoencoder, tokens to pixels",
      traced: tracePixels(config, [side, side], 1),
      feeds: { tokens: numbers(1, side, side, token) },
      repeats: 1,
      sized: true,
    },
    {
      name: "autoencoder, pixels to tokens",
      traced: traceLatents(config, [side, side], 1),
      feeds: { pixels: numbers(1, 3, pixels, pixels) },
      repeats: 1,
      sized: true,
    },
    {
      name: `SigLIP2, ${seen} px`,
      traced: traceSee(config),
      feeds: { pixels: numbers(1, 3, seen, seen) },
      repeats: 1,
      sized: false,
    },
    language(`a picture and a question (${ASKED} tokens)`, 1, ASKED, 0, true),
    language("one word of an answer", 1, 1, ASKED, true, 4),
    {
      name: "logits of one word",
      traced: traceLogits(config),
      feeds: { states: numbers(1, 1, config.llm.hidden_size), last: whole([1], [0]) },
      repeats: 4,
      sized: false,
    },
  ];
}

type Numbers = (...shape: number[]) => HostArray;

function cacheOf(config: UniPicConfig, numbers: Numbers, rows: number, length: number): Record<string, HostArray> {
  const layer = numbers(...cacheShape(config.llm, rows, Math.max(1, length)));
  const names = counted(config.llm.num_hidden_layers).flatMap((i) => [`past key${i}`, `past value${i}`]);
  return Object.fromEntries(names.map((name) => [name, layer]));
}

/** The programs of a guided round in which half of the tokens are visible. */
function roundParts(
  config: UniPicConfig,
  grid: Grid,
  numbers: Numbers,
  random: Random,
  language: (own: number) => Part,
): Part[] {
  const { mar, llm } = config;
  const token = tokenWidth(mar);
  const count = grid[0] * grid[1];
  const rounds = maskRounds(count, ROUNDS);
  const middle = rounds.find(({ maskedBefore }) => maskedBefore <= count / 2) ?? rounds[rounds.length - 1];
  const order = drawOrder(random, count);
  const visible = tokensBetween(order, middle.maskedBefore, count);
  const predicted = tokensBetween(order, middle.maskedAfter, middle.maskedBefore);
  const { buffer_size: buffer } = mar;
  const own = visible.length + buffer;
  const rows = counted(ROWS);
  const twin = whole([ROWS], new Array(ROWS).fill(0));
  return [
    {
      name: "MAR encoder, a round",
      traced: traceEncoder(config),
      feeds: {
        visible: numbers(1, visible.length, token),
        places: whole([1, visible.length], visible),
        "encoder positions": numbers(buffer + count, mar.encoder_embed_dim),
        twin,
      },
      repeats: 1,
      sized: true,
    },
    language(own),
    {
      name: "MAR decoder, a round",
      traced: traceDecoder(config),
      feeds: {
        encoded: numbers(1, own, mar.encoder_embed_dim),
        twin,
        states: numbers(ROWS, own, llm.hidden_size),
        hidden: numbers(1, mar.decoder_embed_dim),
        canvas: whole(
          [ROWS, count],
          sharedCanvas(
            rows.map(() => visible),
            count,
            buffer,
          ),
        ),
        "decoder positions": numbers(buffer + count, mar.decoder_embed_dim),
        "diffusion positions": numbers(count, mar.decoder_embed_dim),
        chosen: whole(
          [ROWS, predicted.length],
          rows.flatMap((row) => Array.from(predicted, (place) => row * (buffer + count) + buffer + place)),
        ),
        "chosen places": whole(
          [ROWS, predicted.length],
          rows.flatMap(() => Array.from(predicted)),
        ),
      },
      repeats: 1,
      sized: true,
    },
    {
      name: `diffusion head, a round (${predicted.length} tokens, ${mar.num_sampling_steps} steps)`,
      traced: traceDenoise(config),
      feeds: {
        x: numbers(predicted.length, token),
        noise: numbers(predicted.length, token),
        condition: numbers(ROWS * predicted.length, mar.decoder_embed_dim),
        timestep: hostArray("float32", [1], [500]),
        ...Object.fromEntries(STEP_SCALARS.map((name) => [name, hostArray("float32", [], [0.5])])),
      },
      repeats: Number(mar.num_sampling_steps),
      sized: true,
    },
  ];
}
