import { Scope } from "../nn/scope.ts";
import { input, sigmoid, slice } from "../tensor/index.ts";
import { meanOfMarked, tellChanges } from "./changing.ts";
import { patchSide, type UniPicConfig } from "./config.ts";
import { findThing } from "./finding.ts";
import { restyle } from "./looks.ts";
import { poseThing } from "./posing.ts";
import type { Grid } from "./position-table.ts";
import { type Traced, tokenPixels } from "./programs.ts";
import { wholePrompts } from "./prompt-reading.ts";
import { recolor } from "./recoloring.ts";

const COLORS = 3;

/** What edits change, for the config's `changed_pixels`. In: `embeddings` [rows, length, hidden] of their prompts. Out: `changes` [rows, length, 10], see `tellChanges`. */
export function traceTellChanges(config: UniPicConfig): Traced {
  const root = Scope.root();
  const embeddings = input("embeddings", "float32", ["rows", "length", config.llm.hidden_size]);
  const changes = tellChanges(root.child("mar.source_pixels.change.words"), embeddings);
  return { outputs: { changes }, parameters: root.parameters };
}

/**
 * One thing of an edit's source, for the same. In: the `source` [1, 3, height, width] and its features by the tower, `vision` [1, patches, hidden]; the
 * `embeddings` [1, length, hidden] of the prompt, and of its tokens 1 for those that name the `thing`, and those that name a `color`, 0 for others, [1, length].
 * Out: `shares` [1, 2, height, width], how likely a pixel is the thing's, and its or its shadow's; and `pixels`, the source in the color.
 */
export function traceChange(config: UniPicConfig, grid: Grid): Traced {
  const root = Scope.root();
  const { mar, llm, siglip2 } = config;
  const scope = root.child("mar.source_pixels.change");
  const [height, width] = grid.map((side) => side * tokenPixels(mar));
  const source = input("source", "float32", [1, 3, height, width]);
  const vision = input("vision", "float32", [1, patchSide(siglip2) ** 2, llm.hidden_size]);
  const embeddings = input("embeddings", "float32", [1, "length", llm.hidden_size]);
  const [words, color] = ["thing", "color"].map((name) =>
    meanOfMarked(embeddings, input(name, "float32", [1, "length"])),
  );
  const shares = sigmoid(findThing(scope.child("find"), config, { source, vision, words }));
  const painted = recolor(scope.child("paint"), { source, share: slice(shares, 1, 0, 1), color });
  return { outputs: { shares, pixels: painted }, parameters: root.parameters };
}

/**
 * Something in the pose that an edit asks for, for the same. In: the `source` [1, 3, height, width] that shows it and its features by the tower, `vision` [1, patches,
 * hidden]; how much of every pixel is the thing's, `share` [1, 1, height, width]; and the `embeddings` [1, length, hidden] of the prompt. Out: `pixels` [1, 3, side, side], and
 * how likely each of them is the thing's, `shares` [1, 1, side, side], see `DrawnPose`.
 */
export function tracePose(config: UniPicConfig, grid: Grid): Traced {
  const root = Scope.root();
  const { mar, llm, siglip2 } = config;
  const [height, width] = grid.map((side) => side * tokenPixels(mar));
  const given = (name: string, channels: number) => input(name, "float32", [1, channels, height, width]);
  const vision = input("vision", "float32", [1, patchSide(siglip2) ** 2, llm.hidden_size]);
  const prompt = wholePrompts(input("embeddings", "float32", [1, "length", llm.hidden_size]));
  const thing = { source: given("source", COLORS), share: given("share", 1), vision, prompt };
  const { pixels, odds } = poseThing(root.child("mar.source_pixels.change.pose"), config, thing);
  return { outputs: { pixels, shares: sigmoid(odds) }, parameters: root.parameters };
}

/**
 * A source in the look that an edit asks for, for the same. In: the `source` [1, 3, height, width] and the `embeddings` [1, length, hidden] of the prompt. Out:
 * `pixels`, as the source, and `odds` [1, 1], the log-odds that a look is all that is asked for.
 */
export function traceLook(config: UniPicConfig, grid: Grid): Traced {
  const root = Scope.root();
  const { mar, llm } = config;
  const [height, width] = grid.map((side) => side * tokenPixels(mar));
  const source = input("source", "float32", [1, 3, height, width]);
  const prompt = wholePrompts(input("embeddings", "float32", [1, "length", llm.hidden_size]));
  const { look, odds } = restyle(root.child("mar.source_pixels.change.look"), mar, source, prompt);
  return { outputs: { pixels: look, odds }, parameters: root.parameters };
}
