import { backgroundScenery } from "../data/backgrounds.ts";
import { nameOf, placeOf } from "../data/captions.ts";
import { boxOf, type Scene, type SceneObject } from "../data/index.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** What a patch of the background counts beside one of an object: there are far more of them, and they are easily told. */
const BACKGROUND_WEIGHT = 0.1;

/**
 * What saying where things are needs beside pictures, see `GroundingInputs`: `words` [phrases, vocabulary], each row the words of a phrase in
 * equal parts; `things`, `places` (int64) and `weights`, [scenes x patches], by rows of patches. The background is nowhere: its place is
 * the background again.
 * @param vocabulary how many tokens the language model has
 * @param side patches along a side of the picture
 */
export function groundingInputs(
  vocabulary: number,
  tokenizer: Tokenizer,
  scenes: readonly Scene[],
  side: number,
): Record<"words" | "things" | "places" | "weights", HostArray> {
  const rows = new Map<string, number>();
  const rowOf = (phrase: string): number => {
    const row = rows.get(phrase) ?? rows.size;
    rows.set(phrase, row);
    return row;
  };
  const things: number[] = [];
  const places: number[] = [];
  const weights: number[] = [];
  for (const scene of scenes) {
    for (const object of objectsByPatch(scene, side)) {
      const thing = rowOf(object ? nameOf(object) : backgroundScenery(scene.background));
      things.push(thing);
      places.push(object ? rowOf(placeOf(object)) : thing);
      weights.push(object ? 1 : BACKGROUND_WEIGHT);
    }
  }
  const words = new Float32Array(rows.size * vocabulary);
  for (const [phrase, row] of rows) {
    const ids = wordsOf(tokenizer, phrase);
    for (const id of ids) words[row * vocabulary + id] += 1 / ids.length;
  }
  return {
    words: hostArray("float32", [rows.size, vocabulary], words),
    things: hostArray("int64", [things.length], things),
    places: hostArray("int64", [places.length], places),
    weights: hostArray("float32", [weights.length], Float32Array.from(weights)),
  };
}

/** The tokens of a phrase with a space before it, as it stands within a text. */
export const wordsOf = (tokenizer: Tokenizer, phrase: string): number[] => tokenizer.encode(` ${phrase}`);

/** The object that each patch shows, by rows: where its box holds the patch's centre, or the patch holds the object's. */
export function objectsByPatch({ objects }: Scene, side: number): (SceneObject | undefined)[] {
  const patches = new Array<SceneObject | undefined>(side * side).fill(undefined);
  const within = (at: number) => Math.min(side - 1, Math.max(0, Math.floor(at)));
  for (const object of objects) {
    const { left, top, right, bottom } = boxOf(object);
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const [x, y] = [(column + 0.5) / side, (row + 0.5) / side];
        if (x >= left && x <= right && y >= top && y <= bottom) patches[row * side + column] = object;
      }
    }
  }
  for (const object of objects) patches[within(object.y * side) * side + within(object.x * side)] = object;
  return patches;
}
