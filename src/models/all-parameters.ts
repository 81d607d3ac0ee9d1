import type { Tensor } from "../tensor/index.ts";
import { nativeSide, type UniPicConfig } from "./config.ts";
import type { Grid } from "./position-table.ts";
import { traceDenoise, traceEncode, tracePixels, traceRead, traceRound, traceSee } from "./programs.ts";

/** Every weight that drawing, editing and describing ask for, by its name in the checkpoint. */
export function allParameters(config: UniPicConfig): Map<string, Tensor> {
  const side = nativeSide(config.mar);
  const grid: Grid = [side, side];
  const programs = [
    traceRead(config, { cached: false, pictures: true }),
    traceEncode(config, grid, 1),
    traceRound(config, grid, { editing: true }),
    // What is edited takes the place of the mask token, so only drawing asks for it.
    traceRound(config, grid, { editing: false }),
    traceDenoise(config),
    tracePixels(config, grid, 1),
    traceSee(config),
  ];
  return new Map(programs.flatMap(({ parameters }) => [...parameters]));
}
