import { CHANGES_KNOWN, changesLoss, meanOfMarked, tellChanges } from "../models/changing.ts";
import { clearingLoss, clearThings } from "../models/clearing.ts";
import type { UniPicConfig } from "../models/config.ts";
import { findingLoss, findThing } from "../models/finding.ts";
import { lookLoss, restyle } from "../models/looks.ts";
import { place, placingLoss } from "../models/placing.ts";
import { POSE_SIDE, poseThing } from "../models/posing.ts";
import { recolor, recoloringLoss } from "../models/recoloring.ts";
import { embedText, visionFeatures } from "../models/unipic.ts";
import type { Scope } from "../nn/scope.ts";
import { add, detach, input, multiply, reshape, slice, type Tensor } from "../tensor/index.ts";

/** What those count beside the others that are far smaller numbers. */
const FINDING_WEIGHT = 5;
const RECOLORING_WEIGHT = 3;
const RESTYLING_WEIGHT = 3;
const POSING_WEIGHT = 3;

/** What changing things in place learns by: what an instruction says, where that is, where something new goes, what is behind what is there, and how it looks in another color or another pose; and how a picture does in another look. */
export type ChangingLosses = Record<
  "telling" | "finding" | "placing" | "clearing" | "recoloring" | "posing" | "restyling",
  Tensor
>;

/** Traces them; the inputs are `changing.` and the names that `changingInputs` gives. Only what changes things learns. */
export function traceChanging(root: Scope, config: UniPicConfig, batch: number): ChangingLosses {
  const { mar, siglip2 } = config;
  const length = "changing_length";
  const scope = root.child("changes");
  const given = (name: string, ...shape: (number | string)[]) =>
    input(`changing.${name}`, "float32", [batch, ...shape]);
  const picture = (name: string) => given(name, 3, mar.img_size, mar.img_size);
  const embeddings = detach(embedText(root, config, input("changing.ids", "int64", [batch, length])));
  const known = given("known", length, CHANGES_KNOWN);
  const prompt = { embeddings, isOwn: reshape(slice(known, 2, 0, 1), [batch, length]) };
  const [source, target] = [picture("source"), picture("target")];
  const pixels = given("vision_pixels", 3, siglip2.image_size, siglip2.image_size);
  const vision = detach(visionFeatures(root, config, pixels));
  const words = meanOfMarked(embeddings, given("thing", length));
  const truth = given("truth", 2, mar.img_size, mar.img_size);
  const share = slice(truth, 1, 0, 1);
  const color = meanOfMarked(embeddings, given("color", length));
  const painted = recolor(scope.child("paint"), { source, share, color });
  const cleared = clearThings(scope.child("clear"), mar, source, prompt);
  const posed = poseThing(scope.child("pose"), config, { source, share, vision, prompt });
  const outline = given("outline", 1, POSE_SIDE, POSE_SIDE);
  const isPosed = given("is_posed", 1);
  const restyled = restyle(scope.child("look"), mar, source, prompt);
  return {
    telling: changesLoss(tellChanges(scope.child("words"), embeddings), known),
    finding: findingLoss(
      findThing(scope.child("find"), config, { source, vision, words }),
      truth,
      given("is_there", 1),
    ),
    // What something new is put beside is what is to be found then.
    placing: placingLoss(
      place(scope.child("where"), mar, { source, beside: share, prompt }),
      given("box", 4),
      given("is_placed", 1),
    ),
    clearing: clearingLoss(cleared, picture("background")),
    recoloring: recoloringLoss(painted, target, share, given("is_painted", 1)),
    posing: add(
      recoloringLoss(posed.pixels, given("posed", 3, POSE_SIDE, POSE_SIDE), outline, isPosed),
      findingLoss(posed.odds, outline, isPosed),
    ),
    restyling: lookLoss(restyled, target, given("is_look", 1)),
  };
}

/** Their weighted sum. */
export function changingTotal(losses: ChangingLosses): Tensor {
  const { telling, finding, placing, clearing, recoloring, posing, restyling } = losses;
  const weighed = [
    multiply(finding, FINDING_WEIGHT),
    multiply(recoloring, RECOLORING_WEIGHT),
    multiply(posing, POSING_WEIGHT),
    multiply(restyling, RESTYLING_WEIGHT),
  ];
  return weighed.reduce(add, [telling, placing, clearing].reduce(add));
}

export const changingTask = (root: Scope, config: UniPicConfig, batch: number): Tensor =>
  changingTotal(traceChanging(root, config, batch));
