import type { Tensor } from "../tensor/index.ts";
import { nativeSide, type UniPicConfig } from "./config.ts";
import { traceDecoder, traceEncoder, traceTables } from "./drawing-programs.ts";
import { traceEmbed, traceLanguage, traceLogits } from "./language-programs.ts";
import type { Grid } from "./position-table.ts";
import { traceDenoise, traceLatents, tracePixels, traceSee } from "./programs.ts";

/** Every weight that drawing, editing and describing ask for, by its name in the checkpoint. */
export function allParameters(config: UniPicConfig): Map<string, Tensor> {
  const side = nativeSide(config.mar);
  const grid: Grid = [side, side];
  const programs = [
    traceEmbed(config, false),
    traceLanguage(config),
    traceLogits(config),
    traceLatents(config, grid, 1),
    traceTables(config, grid),
    traceEncoder(config),
    traceDecoder(config),
    traceDenoise(config),
    tracePixels(config, grid, 1),
    traceSee(config),
  ];
  return new Map(programs.flatMap(({ parameters }) => [...parameters]));
}
