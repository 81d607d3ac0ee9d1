import type { Grid } from "../models/position-table.ts";
import { releaseValues, toHost, type Value } from "../runtime/values.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import { joinRows } from "./host-rows.ts";
import type { Programs } from "./programs.ts";

/**
 * Whole pictures through autoencoder and encoder: `tokens` [pictures, places, token], `encoded` [pictures, buffer + places, encoder width]
 * and `features` for the language model [pictures, places + buffer, hidden].
 */
export async function encodePictures(
  programs: Programs,
  grid: Grid,
  pixels: Value,
): Promise<Record<"tokens" | "encoded" | "features", Value>> {
  const [pictures] = pixels.shape;
  const count = grid[0] * grid[1];
  const { tokens } = await programs.latents(grid, pictures).runOnDevice({ pixels });
  const { "encoder positions": table } = await programs.tables(grid);
  const everywhere = Array.from({ length: pictures * count }, (_, i) => i % count);
  const { encoded, features } = await programs.encoder().runOnDevice({
    visible: tokens,
    places: hostArray("int64", [pictures, count], everywhere),
    "encoder positions": table,
    twin: hostArray(
      "int64",
      [pictures],
      Array.from({ length: pictures }, (_, picture) => picture),
    ),
  });
  return { tokens, encoded, features };
}

/** Features of one picture, [1, count, hidden] each, one after the other. What they were in is released. */
export async function joinFeatures(parts: readonly Value[]): Promise<HostArray> {
  const rows = await Promise.all(parts.map(async (part) => withoutFirstAxis(await toHost(part))));
  releaseValues(parts);
  const { shape, data } = joinRows(rows);
  return hostArray("float32", [1, ...shape], data);
}

const withoutFirstAxis = ({ dtype, shape, data }: HostArray): HostArray => hostArray(dtype, shape.slice(1), data);
