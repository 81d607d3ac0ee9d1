import { Scope } from "../../nn/scope.ts";
import {
  absolute,
  add,
  argMax,
  cast,
  divide,
  equal,
  exp,
  gatherRows,
  input,
  log,
  logSoftmax,
  maximum,
  minimum,
  multiply,
  negate,
  oneHot,
  reduceMean,
  reduceSum,
  reshape,
  sigmoid,
  square,
  subtract,
  type Tensor,
} from "../../tensor/index.ts";
import { type DetectorConfig, gridSide } from "./config.ts";
import { BACKGROUND_PARTS, backgroundHeads, detectorTrunk, heatHead, objectHeads } from "./network.ts";

/** How much each part counts: telling the objects apart is the hard one. */
const WEIGHTS = { heat: 1, object: 1, color: 0.5, painted: 0.25, box: 0.5, background: 0.15 } as const;
/** What the names that are wrong share of a target, so that the network's confidence means something. */
const SMOOTHING = 0.03;

/** The loss of a batch as `detectorTargets` and the pixels give it, its parts, and the share of objects told right. */
export function traceDetectorLoss(config: DetectorConfig, batch: number) {
  const root = Scope.root();
  const { size } = config;
  const pixels = input("pixels", "float32", [batch, 3, size, size]);
  const { cells, picture } = detectorTrunk(root, config, pixels);
  const rows = input("rows", "int64", ["rows"]);
  const told = objectHeads(root, config, gatherRows(cells, rows));
  const backgrounds = backgroundHeads(root, config, picture);

  const object = input("object", "int64", ["rows"]);
  const painted = input("painted", "float32", ["rows"]);
  const color = input("color", "int64", ["rows"]);
  const heat = heatLoss(heatHead(root, cells), input("heat", "float32", [batch * gridSide(config) ** 2]));
  const parts: Record<keyof typeof WEIGHTS, Tensor> = {
    heat,
    object: reduceMean(crossEntropy(told.object, object)),
    // Only what is painted has a colour to tell.
    color: divide(reduceSum(multiply(crossEntropy(told.color, color), painted)), maximum(reduceSum(painted), 1)),
    painted: reduceMean(binaryEntropy(reshape(told.painted, ["rows"]), painted)),
    box: reduceMean(absolute(subtract(told.box, input("box", "float32", ["rows", 4])))),
    background: BACKGROUND_PARTS.map((part) =>
      reduceMean(crossEntropy(backgrounds[part], input(part, "int64", [batch]))),
    ).reduce((sum, term) => add(sum, term)),
  };
  const names = Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[];
  const total = names.map((name) => multiply(parts[name], WEIGHTS[name])).reduce((sum, term) => add(sum, term));
  const right = reduceMean(cast(equal(argMax(told.object, 1), object), "float32"));
  const losses = Object.fromEntries(names.map((name) => [`${name}_loss`, parts[name]]));
  return { root, total, reported: { ...losses, objects_right: right } };
}

/** logits: [n, names]; truth: int64 [n]; result: [n]. */
function crossEntropy(logits: Tensor, truth: Tensor): Tensor {
  const names = logits.shape[1] as number;
  const target = add(multiply(oneHot(truth, names), 1 - SMOOTHING), SMOOTHING / names);
  return negate(reduceSum(multiply(logSoftmax(logits), target), [1]));
}

/** log(sigmoid(x)), without overflow. */
const logSigmoid = (x: Tensor): Tensor => subtract(minimum(x, 0), log(add(exp(negate(absolute(x))), 1)));

const binaryEntropy = (logits: Tensor, truth: Tensor): Tensor =>
  negate(add(multiply(truth, logSigmoid(logits)), multiply(subtract(1, truth), logSigmoid(negate(logits)))));

/** The penalty-reduced focal loss of centre points, over the number of centres (arXiv 1904.07850, equation 1). */
function heatLoss(logits: Tensor, truth: Tensor): Tensor {
  const probability = sigmoid(logits);
  const isCentre = cast(equal(truth, 1), "float32");
  const found = multiply(multiply(square(subtract(1, probability)), logSigmoid(logits)), isCentre);
  const elsewhere = square(square(subtract(1, truth))); // 0 at centres, little near them
  const spared = multiply(multiply(square(probability), logSigmoid(negate(logits))), elsewhere);
  return divide(negate(reduceSum(add(found, spared))), maximum(reduceSum(isCentre), 1));
}
