import { drawScene, type SceneObject } from "../data/index.ts";

/** An object without anything behind it. */
export interface Alone {
  /** How much of every pixel is the object's, 0 to 1, row by row. */
  share: Float32Array;
  /** Its own color there, RGB; black where it is not. */
  colors: Uint8Array;
}

/** Draws an object by itself, in a picture of so many pixels a side. */
export function drawAlone(object: SceneObject, size: number): Alone {
  const on = (color: "white" | "black", objects: SceneObject[]) =>
    drawScene({ task: "single_object", objects, background: { kind: "plain", color } }, size);
  const [white, black] = (["white", "black"] as const).map((color) => [on(color, []), on(color, [object])]);
  const share = new Float32Array(size * size);
  const colors = new Uint8Array(3 * size * size);
  for (let pixel = 0; pixel < share.length; pixel++) {
    const at = pixel * 3;
    // What shines through of two grounds is what is not the object's.
    const own = 1 - Math.max(0, white[1][at] - black[1][at]) / (white[0][at] - black[0][at]);
    share[pixel] = own;
    if (own <= 0) continue;
    for (let channel = at; channel < at + 3; channel++) {
      const level = (black[1][channel] - black[0][channel] * (1 - own)) / own;
      colors[channel] = Math.min(255, Math.max(0, Math.round(level)));
    }
  }
  return { share, colors };
}
