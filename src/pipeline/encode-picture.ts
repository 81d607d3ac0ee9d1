import type { Grid } from "../models/position-table.ts";
import type { Value } from "../runtime/values.ts";
import { hostArray } from "../tensor/dtype.ts";
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
