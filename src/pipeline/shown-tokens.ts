import type { Runnable } from "../runtime/program.ts";
import type { Value } from "../runtime/values.ts";
import { hostArray } from "../tensor/dtype.ts";

/** The tokens of the picture that an edit starts from, for the config's `source_tokens`. */
export interface ShownTokens {
  /** [places, token]; the same for all pictures that are drawn. */
  tokens: Float32Array;
  /** `traceShowTokens`, compiled. */
  program: Runnable;
}

/**
 * Conditions with the source's tokens of their places.
 *
 * @param condition [rows, width]: one for each place of each picture, and where the round is guided as many again
 * @param predicted the places of each picture, equally many
 * @param width numbers in a token
 */
export async function tellTokens(
  { tokens, program }: ShownTokens,
  condition: Value,
  predicted: readonly Int32Array[],
  width: number,
): Promise<Value> {
  const [rows] = condition.shape;
  const places = predicted.flatMap((own) => Array.from(own));
  const shown = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const from = places[row % places.length] * width;
    shown.set(tokens.subarray(from, from + width), row * width);
  }
  const feeds = { condition, tokens: hostArray("float32", [rows, width], shown) };
  return (await program.runOnDevice(feeds)).told;
}
