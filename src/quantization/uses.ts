import { nativeSide, type UniPicConfig } from "../models/config.ts";
import type { Grid } from "../models/position-table.ts";
import {
  type Traced,
  traceDenoise,
  traceEncode,
  tracePixels,
  traceRead,
  traceRound,
  traceSee,
} from "../models/programs.ts";
import { inOrder, isLinear, isParameter } from "../tensor/index.ts";

/** Everything that inference runs. */
export function inferencePrograms(config: UniPicConfig): Traced[] {
  const side = nativeSide(config.mar);
  const grid: Grid = [side, side];
  return [
    traceRead(config, { cached: false, pictures: true }),
    traceSee(config),
    traceEncode(config, grid, 1),
    traceRound(config, grid, { guided: true, editing: true }),
    traceRound(config, grid, { guided: true, editing: false }),
    traceDenoise(config, true),
    tracePixels(config, grid, 1),
  ];
}

/** The weights that every program of a model uses as those of linear layers only, and that may therefore be quantised. */
export function linearWeights(config: UniPicConfig): ReadonlySet<string> {
  const multiplied = new Set<string>();
  const otherwise = new Set<string>();
  for (const { outputs } of inferencePrograms(config)) {
    for (const tensor of inOrder(Object.values(outputs))) {
      tensor.inputs.forEach((source, i) => {
        if (isParameter(source)) (isLinear(tensor) && i === 1 ? multiplied : otherwise).add(source.attributes.name);
      });
    }
  }
  for (const name of otherwise) multiplied.delete(name);
  return multiplied;
}
