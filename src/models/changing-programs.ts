import { Scope } from "../nn/scope.ts";
import { input, sigmoid, slice } from "../tensor/index.ts";
import { meanOfMarked, tellChanges } from "./changing.ts";
import type { UniPicConfig } from "./config.ts";
import { findThing } from "./finding.ts";
import { restyle } from "./looks.ts";
import { place } from "./placing.ts";
import { poseThing } from "./posing.ts";
import type { Grid } from "./position-table.ts";
import { embeddingsInput, pictureInput, promptInput, visionInput } from "./program-inputs.ts";
import type { Traced } from "./programs.ts";
import { recolor } from "./recoloring.ts";

/** What edits change, for the config's `changes`. In: `embeddings` [rows, length, hidden] of their prompts. Out: `changes` [rows, length, numbers], see `tellChanges`. */
export function traceTellChanges(config: UniPicConfig): Traced {
  const root = Scope.root();
  const embeddings = embeddingsInput(config, "rows");
  const changes = tellChanges(root.child("changes.words"), embeddings);
  return { outputs: { changes }, parameters: root.parameters };
}

/**
 * One thing of an edit's source, for the same. In: the `source` [1, 3, height, width] and its features by the tower, `vision` [1, patches, hidden]; the
 * `embeddings` [1, length, hidden] of the prompt, and of its tokens 1 for those that name the `thing`, and those that name a `color`, 0 for others, [1, length].
 * Out: `shares` [1, 2, height, width], how likely a pixel is the thing's, and its or its shadow's; and `pixels`, the source in the color.
 */
export function traceChange(config: UniPicConfig, grid: Grid): Traced {
  const root = Scope.root();
  const scope = root.child("changes");
  const source = pictureInput("source", config.mar, grid);
  const vision = visionInput(config);
  const embeddings = embeddingsInput(config, 1);
  const [words, color] = ["thing", "color"].map((name) =>
    meanOfMarked(embeddings, input(name, "float32", [1, "length"])),
  );
  const shares = sigmoid(findThing(scope.child("find"), config, { source, vision, words }));
  const painted = recolor(scope.child("paint"), { source, share: slice(shares, 1, 0, 1), color });
  return { outputs: { shares, pixels: painted }, parameters: root.parameters };
}

/**
 * Where something new goes, for the same. In: the `source` [1, 3, height, width]; how much of every pixel is that of what it is put beside, `share` [1, 1, height, width]; and the
 * `embeddings` [1, length, hidden] of the prompt. Out: `box` [1, 4], see `place`.
 */
export function tracePlace(config: UniPicConfig, grid: Grid): Traced {
  const root = Scope.root();
  const { mar } = config;
  const box = place(root.child("changes.where"), mar, {
    source: pictureInput("source", mar, grid),
    beside: pictureInput("share", mar, grid, 1),
    prompt: promptInput(config, 1),
  });
  return { outputs: { box }, parameters: root.parameters };
}

/**
 * Something in the pose that an edit asks for, for the same. In: the `source` [1, 3, height, width] that shows it and its features by the tower, `vision` [1, patches,
 * hidden]; how much of every pixel is the thing's, `share` [1, 1, height, width]; and the `embeddings` [1, length, hidden] of the prompt. Out: `pixels` [1, 3, side, side], and
 * how likely each of them is the thing's, `shares` [1, 1, side, side], see `DrawnPose`.
 */
export function tracePose(config: UniPicConfig, grid: Grid): Traced {
  const root = Scope.root();
  const { pixels, odds } = poseThing(root.child("changes.pose"), config, {
    source: pictureInput("source", config.mar, grid),
    share: pictureInput("share", config.mar, grid, 1),
    vision: visionInput(config),
    prompt: promptInput(config, 1),
  });
  return { outputs: { pixels, shares: sigmoid(odds) }, parameters: root.parameters };
}

/**
 * A source in the look that an edit asks for, for the same. In: the `source` [1, 3, height, width] and the `embeddings` [1, length, hidden] of the prompt. Out:
 * `pixels`, as the source, and `odds` [1, 1], the log-odds that a look is all that is asked for.
 */
export function traceLook(config: UniPicConfig, grid: Grid): Traced {
  const root = Scope.root();
  const { mar } = config;
  const source = pictureInput("source", mar, grid);
  const { look, odds } = restyle(root.child("changes.look"), mar, source, promptInput(config, 1));
  return { outputs: { pixels: look, odds }, parameters: root.parameters };
}
