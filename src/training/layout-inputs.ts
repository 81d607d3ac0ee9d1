import { drawScene, type PlanOptions, tellScene } from "../data/index.ts";
import { nativeSide, tokenWidth, type UniPicConfig } from "../models/config.ts";
import { LAYOUT_KNOWN } from "../models/layout.ts";
import type { Random } from "../random.ts";
import { hostArray } from "../tensor/dtype.ts";
import { generationPrompt } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Batch } from "./batches.ts";
import { drawPixels, pixelArray } from "./pixel-array.ts";
import { edgesOf, isOnFirst } from "./things-alone.ts";
import { pad } from "./token-rows.ts";
import { isOfSpan, tokenSpans } from "./token-spans.ts";

/**
 * What laying out prompts learns from: `ids` [batch, length] and of every token what is `known` of it, [batch, length, LAYOUT_KNOWN], see `layoutLoss` in models/layout.ts;
 * scenes as `pixels` and their `background` alone, [batch, 3, side, side], and unit `noise` [batch, places, token].
 */
export function layoutInputs(
  config: UniPicConfig,
  tokenizer: Tokenizer,
  count: number,
  options: PlanOptions,
  random: Random,
): Batch {
  const told = Array.from({ length: count }, () => tellScene(random, options));
  const prompts = told.map(({ text }) => generationPrompt(text));
  const { rows, lengths, shape } = pad(prompts.map((prompt) => tokenizer.encode(prompt)));
  const known = new Float32Array(shape[0] * shape[1] * LAYOUT_KNOWN);
  told.forEach(({ text, things, isPlaced }, row) => {
    const begin = prompts[row].lastIndexOf(text);
    const own = rows[row].slice(0, lengths[row]);
    tokenSpans(tokenizer, own).forEach((token, at) => {
      const thing = things.find((other) => isOfSpan(token, other, begin));
      const numbers = [1, 0, 0, 0, 0, 0, 0, 0];
      if (thing) {
        const { object } = thing;
        numbers.splice(1, 7, 1, isOnFirst(object) ? 1 : 0, isPlaced ? 1 : 0, ...edgesOf(object));
      }
      known.set(numbers, (row * shape[1] + at) * LAYOUT_KNOWN);
    });
  });
  const { mar } = config;
  const places = nativeSide(mar) ** 2;
  const size = mar.img_size;
  const noise = random.normals(count * places * tokenWidth(mar));
  const empty = told.map(({ scene }) => drawScene({ ...scene, objects: [] }, size));
  return {
    ids: hostArray("int64", shape, rows.flat()),
    known: hostArray("float32", [...shape, LAYOUT_KNOWN], known),
    pixels: drawPixels(
      told.map(({ scene }) => scene),
      size,
    ),
    background: pixelArray(empty, size),
    noise: hostArray("float32", [count, places, tokenWidth(mar)], noise),
  };
}
