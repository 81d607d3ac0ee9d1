import { changesLoss, meanOfMarked, tellChanges } from "../models/changing.ts";
import { clearThings } from "../models/clearing.ts";
import type { UniPicConfig } from "../models/config.ts";
import { findingLoss, findThing } from "../models/finding.ts";
import { paintingLoss } from "../models/keeping.ts";
import { lookLoss, restyle } from "../models/looks.ts";
import { recolor, recoloringLoss } from "../models/recoloring.ts";
import { embedText, visionFeatures } from "../models/unipic.ts";
import type { Scope } from "../nn/scope.ts";
import { add, detach, input, multiply, reshape, slice, type Tensor } from "../tensor/index.ts";

/** What those count beside the others that are far smaller numbers. */
const FINDING_WEIGHT = 5;
const RECOLORING_WEIGHT = 3;
const RESTYLING_WEIGHT = 3;

/** What changing things in place learns by: what an instruction says, where that is, what is behind it, and how it looks in another color; and how a picture does in another look. */
export type ChangingLosses = Record<"telling" | "finding" | "clearing" | "recoloring" | "restyling", Tensor>;

/** Traces them; the inputs are `changing.` and the names that `changingInputs` gives. Only what changes things learns. */
export function traceChanging(root: Scope, config: UniPicConfig, batch: number): ChangingLosses {
  const { mar, siglip2 } = config;
  const length = "changing_length";
  const scope = root.child("mar.source_pixels.change");
  const given = (name: string, ...shape: (number | string)[]) =>
    input(`changing.${name}`, "float32", [batch, ...shape]);
  const picture = (name: string) => given(name, 3, mar.img_size, mar.img_size);
  const embeddings = detach(embedText(root, config, input("changing.ids", "int64", [batch, length])));
  const known = given("known", length, 10);
  const isOwn = reshape(slice(known, 2, 0, 1), [batch, length]);
  const [source, target] = [picture("source"), picture("target")];
  const pixels = given("vision_pixels", 3, siglip2.image_size, siglip2.image_size);
  const vision = detach(visionFeatures(root, config, pixels));
  const words = meanOfMarked(embeddings, given("thing", length));
  const truth = given("truth", 2, mar.img_size, mar.img_size);
  const share = slice(truth, 1, 0, 1);
  const color = meanOfMarked(embeddings, given("color", length));
  const painted = recolor(scope.child("paint"), { source, share, color });
  const cleared = clearThings(scope.child("clear"), mar, source, { embeddings, isOwn });
  const restyled = restyle(scope.child("look"), mar, source, { embeddings, isOwn });
  return {
    telling: changesLoss(tellChanges(scope.child("words"), embeddings), known),
    finding: findingLoss(
      findThing(scope.child("find"), config, { source, vision, words }),
      truth,
      given("is_there", 1),
    ),
    clearing: paintingLoss({ painted: cleared }, picture("background")),
    recoloring: recoloringLoss(painted, target, share, given("is_painted", 1)),
    restyling: lookLoss(restyled, target, given("is_look", 1)),
  };
}

/** Their weighted sum. */
export function changingTotal({ telling, finding, clearing, recoloring, restyling }: ChangingLosses): Tensor {
  const things = add(multiply(finding, FINDING_WEIGHT), multiply(recoloring, RECOLORING_WEIGHT));
  return add(add(add(telling, clearing), things), multiply(restyling, RESTYLING_WEIGHT));
}

export const changingTask = (root: Scope, config: UniPicConfig, batch: number): Tensor =>
  changingTotal(traceChanging(root, config, batch));
