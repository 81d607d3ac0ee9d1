import { modelFolder } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { parseConfig, type UniPicConfig } from "../models/config.ts";
import { hostArray } from "../tensor/dtype.ts";
import { readValues } from "./checkpoint.ts";
import type { Values } from "./parameters.ts";
import { positionTables } from "./stage-size.ts";

/** How much of a place's own position an added buffer token takes on. */
const PLACE_SHARE = 0.5;

/**
 * The weights of a model folder, to start a run from. Where the run's model has more buffer tokens, rows are put into its position tables
 * for all of them by {@link bufferRows}; what the model knew has then to be found again, but most of it is.
 *
 * @param config the model of the run
 * @throws UserError when the folder's model has more buffer tokens than the run's
 */
export async function startingWeights(folder: string, config: UniPicConfig): Promise<Values> {
  const given = parseConfig((await modelFolder(folder)).config, `${folder}/config.json`).mar.buffer_size;
  const wanted = config.mar.buffer_size;
  const values = await readValues(folder);
  if (given === wanted) return values;
  if (given > wanted) {
    throw new UserError(
      `The model in "${folder}" has ${given} buffer tokens, and the configuration's model ${wanted}: a run can add some, not take any away.`,
    );
  }
  for (const [name, { leading }] of positionTables(config)) {
    const table = values.get(name);
    // What is missing the trainer begins at random.
    if (leading === 0 || !table) continue;
    const { shape, data } = table;
    const width = shape.at(-1)!;
    if (data.length / width <= given) continue; // Not what the configuration says: the trainer refuses it.
    const rows = bufferRows(data as Float32Array, { given, wanted, width });
    values.set(name, hostArray("float32", [...shape.slice(0, -2), rows.length / width, width], rows));
  }
  return values;
}

/**
 * A position table [given + places, width] with `wanted` buffer rows, [wanted + places, width]. Each is one of the given rows, in turn, moved
 * by a share of what sets apart the position of the place that it stands for, places being dealt out evenly: no two are alike, and each begins near to
 * "what stands there".
 */
export function bufferRows(
  table: Float32Array,
  { given, wanted, width }: { given: number; wanted: number; width: number },
): Float32Array {
  const places = table.length / width - given;
  const mean = new Float64Array(width);
  for (let place = 0; place < places; place++) {
    for (let i = 0; i < width; i++) mean[i] += table[(given + place) * width + i] / places;
  }
  const longer = new Float32Array((wanted + places) * width);
  for (let row = 0; row < wanted; row++) {
    const place = Math.floor((row * places) / wanted);
    for (let i = 0; i < width; i++) {
      const apart = table[(given + place) * width + i] - mean[i];
      longer[row * width + i] = table[(row % given) * width + i] + PLACE_SHARE * apart;
    }
  }
  longer.set(table.subarray(given * width), wanted * width);
  return longer;
}
