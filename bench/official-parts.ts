/** The parts of drawing one picture, each as a program of its own with inputs of the right sizes. */
import type { UniPicConfig } from "../src/models/config.ts";
import { canvasRows, decode, encodeVisible } from "../src/models/mar.ts";
import type { Grid } from "../src/models/position-table.ts";
import {
  pastInputs,
  STEP_SCALARS,
  type Traced,
  tokenPixels,
  traceDenoise,
  traceEncode,
  tracePixels,
  traceRead,
  traceSee,
} from "../src/models/programs.ts";
import { readContext } from "../src/models/unipic.ts";
import { Scope } from "../src/nn/scope.ts";
import { Random } from "../src/random.ts";
import { maskRounds } from "../src/sampling/mask-schedule.ts";
import { drawOrder, tokensBetween } from "../src/sampling/orders.ts";
import { gatherRows, type HostArray, hostArray, input, reshape, type Tensor } from "../src/tensor/index.ts";

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
const ANSWERED = 1072;
/** With guidance every picture has a conditional and an unconditional row. */
const ROWS = 2;

/** Everything that drawing, editing and describing a square picture runs; the parts of a round in its middle, with guidance. */
export function partsOf(config: UniPicConfig, pixels: number): Part[] {
  const { mar, llm } = config;
  const side = pixels / tokenPixels(mar);
  const grid: Grid = [side, side];
  const count = side * side;
  const random = new Random(1);
  const numbers = (...shape: number[]): HostArray =>
    hostArray("float32", shape, random.normals(shape.reduce((a, b) => a * b)));
  const whole = (shape: number[], values: ArrayLike<number>): HostArray =>
    hostArray("int64", shape, Array.from(values));
  const counted = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i);

  const rounds = maskRounds(count, ROUNDS);
  const middle = rounds.find(({ maskedBefore }) => maskedBefore <= count / 2) ?? rounds[rounds.length - 1];
  const order = drawOrder(random, count);
  const visible = tokensBetween(order, middle.maskedBefore, count);
  const predicted = tokensBetween(order, middle.maskedAfter, middle.maskedBefore);
  const own = visible.length + mar.buffer_size;
  const token = mar.vae_embed_dim * mar.patch_size ** 2;
  const cacheWidth = (llm.hidden_size / llm.num_attention_heads) * llm.num_key_value_heads;
  const cache = (rows: number, length: number) =>
    Object.fromEntries(
      pastInputs(config).flatMap((_, i) =>
        [`past key${i}`, `past value${i}`].map((name) => [name, numbers(rows, length, cacheWidth)]),
      ),
    );

  const seen = config.siglip2.image_size;
  return [
    {
      name: "language model, reading the prompt",
      traced: traceRead(config, { cached: false, pictures: false }),
      feeds: {
        ids: whole([ROWS, PROMPT], new Array(ROWS * PROMPT).fill(7)),
        positions: whole([ROWS, PROMPT], [...counted(PROMPT), ...counted(PROMPT)]),
        mask: whole([ROWS, PROMPT], new Array(ROWS * PROMPT).fill(1)),
        last: whole([ROWS], [PROMPT - 1, 2 * PROMPT - 1]),
      },
      repeats: 1,
      sized: false,
    },
    {
      name: "MAR encoder, a round",
      traced: trace((root) => {
        const places = input("places", "int64", [1, "visible"]);
        return encodeVisible(root.child("mar"), mar, input("visible", "float32", [1, "visible", token]), places, grid);
      }),
      feeds: { visible: numbers(1, visible.length, token), places: whole([1, visible.length], visible) },
      repeats: 1,
      sized: true,
    },
    {
      name: "language model, a round",
      traced: trace((root) => {
        const encoded = input("encoded", "float32", [ROWS, "own", mar.encoder_embed_dim]);
        const positions = input("positions", "int64", [ROWS, "own"]);
        const mask = input("mask", "int64", [ROWS, "past+own"]);
        return readContext(root, config, encoded, { past: pastInputs(config, ROWS) }, positions, mask);
      }),
      feeds: {
        ...cache(ROWS, PROMPT),
        encoded: numbers(ROWS, own, mar.encoder_embed_dim),
        positions: whole([ROWS, own], [...counted(own, PROMPT), ...counted(own, PROMPT)]),
        mask: whole([ROWS, PROMPT + own], new Array(ROWS * (PROMPT + own)).fill(1)),
      },
      repeats: 1,
      sized: true,
    },
    {
      name: "MAR decoder, a round",
      traced: trace((root) => {
        const encoded = input("encoded", "float32", [ROWS, "own", mar.encoder_embed_dim]);
        const canvas = input("canvas", "int64", [ROWS, count]);
        const all = decode(root.child("mar"), mar, { encoded, canvas }, grid);
        const flat = reshape(all, [ROWS * count, mar.decoder_embed_dim]);
        return gatherRows(flat, input("predicted", "int64", ["chosen"]));
      }),
      feeds: {
        encoded: numbers(ROWS, own, mar.encoder_embed_dim),
        canvas: hostArray("int64", [ROWS, count], canvasRows([visible, visible], count, mar.buffer_size, false)),
        predicted: whole([ROWS * predicted.length], [...predicted, ...Array.from(predicted, (place) => count + place)]),
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
    {
      name: "autoencoder, tokens to pixels",
      traced: tracePixels(config, grid, 1),
      feeds: { tokens: numbers(1, ...grid, token) },
      repeats: 1,
      sized: true,
    },
    {
      name: "autoencoder and MAR encoder, a source picture",
      traced: traceEncode(config, grid, 1),
      feeds: { pixels: numbers(1, 3, pixels, pixels), places: whole([1, count], counted(count)) },
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
    {
      name: `language model, one word of an answer after ${ANSWERED} tokens`,
      traced: traceRead(config, { cached: true, pictures: false }),
      feeds: {
        ...cache(1, ANSWERED),
        ids: whole([1, 1], [7]),
        positions: whole([1, 1], [ANSWERED]),
        mask: whole([1, ANSWERED + 1], new Array(ANSWERED + 1).fill(1)),
        last: whole([1], [0]),
      },
      repeats: 4,
      sized: false,
    },
  ];
}

function trace(make: (root: Scope) => Tensor): Traced {
  const root = Scope.root();
  return { outputs: { result: make(root) }, parameters: root.parameters };
}
