import type { Tensor } from "../tensor/index.ts";
import { nativeSide, type UniPicConfig } from "./config.ts";
import { editPrograms, layoutPrograms, traceDecoder, traceEncoder, traceTables } from "./drawing-programs.ts";
import { traceEmbed, traceLanguage, traceLogits } from "./language-programs.ts";
import type { Grid } from "./position-table.ts";
import { type Traced, traceDenoise, traceLatents, tracePixels, traceSee } from "./programs.ts";

/** Everything that inference runs, for pictures of the native size. */
export function inferencePrograms(config: UniPicConfig): Traced[] {
  const side = nativeSide(config.mar);
  const grid: Grid = [side, side];
  return [
    traceEmbed(config, false),
    traceLanguage(config),
    traceLogits(config),
    traceLatents(config, grid, 1),
    traceTables(config, grid),
    traceEncoder(config),
    ...editPrograms(config, grid),
    ...layoutPrograms(config, grid),
    traceDecoder(config),
    traceDenoise(config),
    tracePixels(config, grid, 1),
    traceSee(config),
  ];
}

/** Every weight that drawing, editing and describing ask for, by its name in the checkpoint. */
export const allParameters = (config: UniPicConfig): Map<string, Tensor> =>
  new Map(inferencePrograms(config).flatMap(({ parameters }) => [...parameters]));
