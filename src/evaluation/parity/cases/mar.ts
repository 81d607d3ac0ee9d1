import {
  canvasRows,
  decode,
  decoderPositions,
  diffusionPositions,
  encoderPositions,
  encodeVisible,
} from "../../../models/mar.ts";
import type { Grid } from "../../../models/position-table.ts";
import { type HostArray, hostArray } from "../../../tensor/dtype.ts";
import { input, type Tensor, unsqueeze } from "../../../tensor/index.ts";
import { asOutputs, compute, feed, parityModel } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";
import { gatherVisible, visiblePlaces } from "../visible.ts";

/** Encoder, decoder and position tables at every grid `params.shapes` names, with some, all and none of the tokens visible. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const produced = new Map<string, ParityOutput>();
  for (const [name, grid] of Object.entries(context.params.shapes as Record<string, Grid>)) {
    for (const [output, value] of await runGrid(context, name, grid)) produced.set(`${output}_${name}`, value);
  }
  return produced;
}

async function runGrid(context: ParityCase, name: string, grid: Grid): Promise<Map<string, ParityOutput>> {
  const { config, root } = parityModel(context);
  const { mar: sizes } = config;
  const mar = root.child("mar");
  const tokens = feed(await context.input(`x_${name}`));
  const mask = feed(await context.input(`mask_${name}`));
  const source = feed(await context.input(`x_con_${name}`));
  const feeds: Record<string, HostArray> = { source };
  const given = (key: string, array: HostArray): Tensor => {
    feeds[key] = array;
    return input(key, array.dtype, array.shape);
  };
  const encode = (key: string, hidden: HostArray) => {
    const places = visiblePlaces(hidden);
    const visible = given(`${key}|visible`, gatherVisible(tokens, places));
    const numbers = hostArray("int64", visible.shape.slice(0, 2) as number[], places.flat());
    return encodeVisible(mar, sizes, visible, given(`${key}|places`, numbers), grid);
  };
  const filled = (value: number) => hostArray("float32", mask.shape, new Array(mask.data.length).fill(value));
  const encoded = encode("enc", mask);
  const count = grid[0] * grid[1];
  const decoded = (editing: boolean) => {
    const rows = canvasRows(visiblePlaces(mask), count, sizes.buffer_size, editing);
    const canvas = given(editing ? "edited canvas" : "canvas", hostArray("int64", mask.shape, rows));
    return decode(
      mar,
      sizes,
      { encoded, canvas, source: editing ? input("source", "float32", source.shape) : undefined },
      grid,
    );
  };
  const results = await compute(
    context,
    {
      enc: encoded,
      enc_unmasked: encode("unmasked", filled(0)),
      enc_allmasked: encode("all masked", filled(1)),
      dec: decoded(false),
      dec_xcon: decoded(true),
      enc_pos: unsqueeze(encoderPositions(mar, sizes, grid), 0),
      dec_pos: unsqueeze(decoderPositions(mar, sizes, grid), 0),
      diff_pos: unsqueeze(diffusionPositions(mar, sizes, grid), 0),
    },
    feeds,
  );
  return asOutputs(results);
}
