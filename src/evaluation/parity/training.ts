import { UserError } from "../../errors.ts";
import type { Grid } from "../../models/position-table.ts";
import { featureRows } from "../../models/unipic.ts";
import { encodeTokens } from "../../models/vae.ts";
import type { Scope } from "../../nn/scope.ts";
import { maskFromOrder } from "../../sampling/orders.ts";
import { maskCountAt } from "../../sampling/training-mask.ts";
import { type HostArray, hostArray } from "../../tensor/dtype.ts";
import { gradients, input, reshape, type Tensor } from "../../tensor/index.ts";
import { arrangeDrawing, type PaddedPrompts } from "../../training/drawing-inputs.ts";
import { type DrawingInputs, drawingLoss, SOURCE_GRADIENT_SCALE, type SourceInputs } from "../../training/losses.ts";
import { totalNorm } from "../../training/optimizer.ts";
import { asOutputs, compute, feed, type ParityModel, parityModel } from "./model.ts";
import type { ParityCase, ParityOutput } from "./parity-case.ts";

/** Host arrays, and the inputs of a program that they are given to. */
export class Feeds {
  readonly arrays: Record<string, HostArray> = {};

  /** The input that the array is given to. */
  give(name: string, array: HostArray): Tensor {
    this.arrays[name] = array;
    return input(name, array.dtype, array.shape);
  }
}

/** A case's prompts: `input_ids` with `attention_mask`, padded on the right. */
export async function readPrompts(context: ParityCase): Promise<PaddedPrompts & { ids: HostArray; mask: HostArray }> {
  const ids = feed(await context.input("input_ids"), "int64");
  const mask = feed(await context.input("attention_mask"), "int64");
  const [batch, length] = ids.shape;
  const row = ({ data }: HostArray, b: number) => Array.from(data.slice(b * length, (b + 1) * length), Number);
  const all = Array.from({ length: batch }, (_, b) => b);
  return {
    ids,
    mask,
    rows: all.map((b) => row(ids, b)),
    lengths: all.map((b) => row(mask, b).lastIndexOf(1) + 1),
  };
}

/** The loss of drawing, with the recorded order, mask rate, timesteps and noise; with `pixel_values_src`, of editing. */
export async function drawingCase(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const model = parityModel(context);
  const { config, root } = model;
  checkGradientScale(context);
  const repeats = Number(context.params.diffusion_batch_mul);
  const feeds = new Feeds();
  const prompts = await readPrompts(context);
  const pixels = feed(await context.input("pixel_values"));
  const { tokens, grid } = latents(model, feeds.give("pixels", pixels));
  const [batch, count] = tokens.shape as number[];

  const recordedOrders = (await context.random("orders")).integers();
  const orders = Array.from({ length: batch }, (_, b) =>
    Int32Array.from(recordedOrders.slice(b * count, (b + 1) * count), Number),
  );
  const [rate] = (await context.random("mask_rate")).floats();
  const masked = maskCountAt(count, rate);
  const editing = "pixel_values_src" in context.entry.inputs;
  const arranged = arrangeDrawing(prompts, { orders, masked }, config.mar.buffer_size, repeats, editing);
  const named = Object.entries(arranged).map(([name, array]) => [name, feeds.give(name, array)]);
  const inputs: DrawingInputs = {
    tokens,
    ...(Object.fromEntries(named) as Record<keyof typeof arranged, Tensor>),
    ...(await noiseOfPredicted(context, feeds, arranged.predicted, batch * count)),
  };
  const source = editing ? await sourceInputs(context, model, feeds, prompts.rows) : undefined;
  const { loss, fused, condition } = drawingLoss(root, config, grid, inputs, source);
  const mask = orders.flatMap((order) => Array.from(maskFromOrder(order, masked)));
  const outputs = { x_enc: fused, z: condition, target: tokens };
  const results = await lossAndGradients(context, root, loss, outputs, feeds.arrays);
  return results.set("mask", { shape: [batch, count], values: mask });
}

/** The latents of pictures, one token after the other: [batch, count, token]. */
function latents({ config, root }: ParityModel, pixels: Tensor): { tokens: Tensor; grid: Grid } {
  const tokens = encodeTokens(root.child("vae"), config, pixels);
  const [batch, rows, columns, width] = tokens.shape as number[];
  return { tokens: reshape(tokens, [batch, rows * columns, width]), grid: [rows, columns] };
}

/**
 * Timesteps and noise are recorded for every token, hidden or not, of every repetition: `total` rows, repetition after repetition.
 * The loss here predicts only the hidden ones, so theirs are picked out.
 */
async function noiseOfPredicted(
  context: ParityCase,
  feeds: Feeds,
  predicted: HostArray,
  total: number,
): Promise<Pick<DrawingInputs, "timesteps" | "noise">> {
  const timesteps = (await context.random("t")).integers();
  const noise = await context.random("noise");
  const values = noise.floats();
  const width = noise.shape[1];
  const repeats = timesteps.length / total;
  const perRepeat = predicted.data.length / repeats;
  const places = Array.from(
    predicted.data as BigInt64Array,
    (row, i) => Math.floor(i / perRepeat) * total + Number(row),
  );
  return {
    timesteps: feeds.give(
      "timesteps",
      hostArray(
        "int64",
        [places.length],
        places.map((place) => Number(timesteps[place])),
      ),
    ),
    noise: feeds.give(
      "noise",
      hostArray(
        "float32",
        [places.length, width],
        places.flatMap((place) => Array.from(values.subarray(place * width, (place + 1) * width))),
      ),
    ),
  };
}

async function sourceInputs(
  context: ParityCase,
  model: ParityModel,
  feeds: Feeds,
  rows: readonly (readonly number[])[],
): Promise<SourceInputs> {
  const pixels = feed(await context.input("pixel_values_src"));
  const { tokens } = latents(model, feeds.give("source pixels", pixels));
  const [batch, count] = tokens.shape as number[];
  const everywhere = Array.from({ length: batch * count }, (_, i) => i % count);
  const features = count + model.config.mar.buffer_size;
  const source = featureRows(rows, Number(context.config.image_token_id), features);
  return {
    sourceTokens: tokens,
    everywhere: feeds.give("everywhere", hostArray("int64", [batch, count], everywhere)),
    source: feeds.give("source", hostArray("int64", [batch, rows[0].length], source)),
  };
}

/** The scale is a constant of the losses; a case with another one could not be compared. */
export function checkGradientScale(context: ParityCase): void {
  if (context.params.grad_scale !== SOURCE_GRADIENT_SCALE) {
    throw new UserError(`the case has grad_scale ${context.params.grad_scale}, the losses ${SOURCE_GRADIENT_SCALE}`);
  }
}

/** A loss, other outputs, the gradients that `params.grad_params` lists, and the norm of all but the frozen autoencoder's. */
export async function lossAndGradients(
  context: ParityCase,
  root: Scope,
  loss: Tensor,
  others: Readonly<Record<string, Tensor>>,
  feeds: Readonly<Record<string, HostArray>>,
): Promise<Map<string, ParityOutput>> {
  const names = [...root.parameters.keys()].filter((name) => !name.startsWith("vae."));
  const slopes = gradients(
    loss,
    names.map((name) => root.parameters.get(name)!),
  );
  const listed = context.params.grad_params as string[];
  const outputs: Record<string, Tensor> = {
    ...others,
    loss: reshape(loss, [1]),
    grad_total_norm: reshape(totalNorm(slopes), [1]),
  };
  names.forEach((name, i) => {
    if (listed.includes(name)) outputs[`grad.${name}`] = slopes[i];
  });
  const produced = asOutputs(await compute(context, outputs, feeds, { fused: false }));
  for (const name of listed.filter((name) => !root.parameters.has(name))) {
    // A weight that the loss does not even ask for has no gradient.
    const { shape } = context.entry.outputs[`grad.${name}`];
    produced.set(`grad.${name}`, { shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
  }
  return produced;
}
