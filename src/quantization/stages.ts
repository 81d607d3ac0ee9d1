/**
 * One pass through a model, cut where one part hands its results to the next, so that a part in another precision can be given
 * exactly what the part before it made in full precision.
 */
import { tokenWidth, type UniPicConfig } from "../models/config.ts";
import { denoiser } from "../models/denoiser.ts";
import { canvasRows, decode, encodeVisible } from "../models/mar.ts";
import type { PartKey } from "../models/parts.ts";
import type { Grid } from "../models/position-table.ts";
import { qwen2 } from "../models/qwen2.ts";
import { siglip2Features } from "../models/siglip2.ts";
import { bufferFirst, embedText, projectIn } from "../models/unipic.ts";
import { decodeTokens, encodeTokens } from "../models/vae.ts";
import { projection } from "../nn/projection.ts";
import { Scope } from "../nn/scope.ts";
import { Random } from "../random.ts";
import { noiseSchedule } from "../sampling/noise-schedule.ts";
import { drawOrder, tokensBetween } from "../sampling/orders.ts";
import { add, concat, type HostArray, hostArray, input, type Tensor } from "../tensor/index.ts";

/** What goes through the model. */
export interface StageInputs {
  config: UniPicConfig;
  /** The tokens of a prompt. */
  ids: readonly number[];
  /** A picture at the model's native size, and at the vision tower's: [1, 3, side, side]. */
  pixels: HostArray;
  seen: HostArray;
  grid: Grid;
  seed: number;
}

export interface Stage {
  part: PartKey;
  name: string;
  /** Names of the stages whose results it needs. */
  after: readonly string[];
  prepare(results: Readonly<Record<string, HostArray>>): StageProgram;
}

export interface StageProgram {
  result: Tensor;
  feeds: Record<string, HostArray>;
  parameters: ReadonlyMap<string, Tensor>;
}

/** All stages: a picture half of whose tokens are visible is read after a prompt, and the other half denoised. */
export function stagesOf({ config, ids, pixels, seen, grid, seed }: StageInputs): Stage[] {
  const { mar, llm } = config;
  const { buffer_size: buffer } = mar;
  const count = grid[0] * grid[1];
  const width = tokenWidth(mar);
  const random = new Random(seed);
  const order = drawOrder(random, count);
  const half = count >> 1;
  const visible = tokensBetween(order, half, count);
  const hidden = tokensBetween(order, 0, half);
  const own = buffer + visible.length;

  return [
    stage("vae", "pixels to tokens", [], (root) => {
      const given = taking({ pixels });
      return given.by(encodeTokens(root.child("vae"), config, given.tensors.pixels));
    }),
    stage("mar", "encoder", ["pixels to tokens"], (root, results) => {
      const tokens = results["pixels to tokens"].data as Float32Array;
      const given = taking({ visible: rowsAt(tokens, visible, width), places: whole([1, visible.length], visible) });
      return given.by(encodeVisible(root.child("mar"), mar, given.tensors.visible, given.tensors.places, grid));
    }),
    stage("projections", "into the language model", ["encoder"], (root, { encoder }) => {
      const given = taking({ encoder });
      return given.by(projectIn(root, config, given.tensors.encoder));
    }),
    stage("llm", "states", ["into the language model"], (root, results) => {
      const length = ids.length + own;
      const given = taking({
        ids: whole([1, ids.length], ids),
        picture: results["into the language model"],
        positions: whole([1, length], counted(length)),
        mask: whole([1, length], new Array(length).fill(1)),
      });
      const { ids: text, picture, positions, mask } = given.tensors;
      const embeddings = concat([embedText(root, config, text), picture], 1);
      return given.by(qwen2(root.child("llm"), llm, { embeddings, positions, mask }).states);
    }),
    stage("projections", "out of the language model", ["states"], (root, { states }) => {
      const picture = (states.data as Float32Array).subarray(ids.length * llm.hidden_size);
      const given = taking({ states: hostArray("float32", [1, own, llm.hidden_size], picture) });
      const scope = root.child("proj_out");
      return given.by(projection(given.tensors.states, scope, llm.hidden_size, mar.encoder_embed_dim));
    }),
    stage("mar", "decoder", ["encoder", "out of the language model"], (root, results) => {
      const canvas = hostArray("int64", [1, count], canvasRows([visible], count, buffer, false));
      const given = taking({ encoder: results.encoder, answer: results["out of the language model"], canvas });
      const { encoder, answer, canvas: rows } = given.tensors;
      const encoded = add(encoder, bufferFirst(answer, buffer));
      return given.by(decode(root.child("mar"), mar, { encoded, canvas: rows }, grid));
    }),
    stage("head", "one step at every noise level", ["pixels to tokens", "decoder"], (root, results) => {
      const tokens = rowsAt(results["pixels to tokens"].data as Float32Array, hidden, width).data as Float32Array;
      const conditions = rowsAt(results.decoder.data as Float32Array, hidden, mar.decoder_embed_dim);
      const noised = noise(tokens, hidden.length, config.max_beta, new Random(seed + 1));
      const given = taking({
        ...noised,
        condition: hostArray("float32", [hidden.length, mar.decoder_embed_dim], conditions.data),
      });
      const { x, timesteps, condition } = given.tensors;
      return given.by(denoiser(root.child("mar.diffloss.net"), mar, x, timesteps, condition));
    }),
    stage("vae", "tokens to pixels", ["pixels to tokens"], (root, results) => {
      const given = taking({ tokens: results["pixels to tokens"] });
      return given.by(decodeTokens(root.child("vae"), config, given.tensors.tokens));
    }),
    stage("siglip2", "features", [], (root) => {
      const given = taking({ seen });
      return given.by(siglip2Features(root.child("siglip2"), config.siglip2, given.tensors.seen));
    }),
    stage("projections", "from SigLIP2", ["features"], (root, { features }) => {
      const given = taking({ features });
      return given.by(projection(given.tensors.features, root.child("siglip2_proj"), llm.hidden_size, llm.hidden_size));
    }),
  ];
}

type Built = Pick<StageProgram, "result" | "feeds">;

const stage = (
  part: PartKey,
  name: string,
  after: readonly string[],
  build: (root: Scope, results: Readonly<Record<string, HostArray>>) => Built,
): Stage => ({
  part,
  name,
  after,
  prepare: (results) => {
    const root = Scope.root();
    return { ...build(root, results), parameters: root.parameters };
  },
});

/** Arrays as inputs of a program. */
function taking<Names extends string>(
  feeds: Record<Names, HostArray>,
): { tensors: Record<Names, Tensor>; by: (result: Tensor) => Built } {
  const entries = Object.entries<HostArray>(feeds).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]);
  return { tensors: Object.fromEntries(entries) as Record<Names, Tensor>, by: (result) => ({ result, feeds }) };
}

const whole = (shape: number[], values: ArrayLike<number>): HostArray => hostArray("int64", shape, Array.from(values));

const counted = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Rows of a table by number: [1, rows, width]. */
function rowsAt(table: Float32Array, rows: ArrayLike<number>, width: number): HostArray {
  const chosen = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    chosen.set(table.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
  }
  return hostArray("float32", [1, rows.length, width], chosen);
}

/** Tokens under noise, their times spread over the whole schedule: `x` [rows, token] and `timesteps` [rows]. */
function noise(
  tokens: Float32Array,
  rows: number,
  maxBeta: number,
  random: Random,
): Record<"x" | "timesteps", HostArray> {
  const { steps, sqrtAlphasCumprod, sqrtOneMinusAlphasCumprod } = noiseSchedule({ maxBeta });
  const width = tokens.length / rows;
  const times = Float32Array.from({ length: rows }, (_, row) => Math.floor(((row + 0.5) / rows) * steps));
  const x = tokens.map((value, i) => {
    const time = times[Math.floor(i / width)];
    return sqrtAlphasCumprod[time] * value + sqrtOneMinusAlphasCumprod[time] * random.normal();
  });
  return { x: hostArray("float32", [rows, width], x), timesteps: hostArray("float32", [rows], times) };
}
