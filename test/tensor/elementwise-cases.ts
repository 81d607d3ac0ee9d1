import * as t from "../../src/tensor/index.ts";
import type { OperationCase } from "./operation-case.ts";
import { each, erf, fill, sigmoid } from "./plain.ts";

type Unary = (x: t.Tensor) => t.Tensor;
type Binary = (a: t.Tensor, b: t.Tensor) => t.Tensor;

const unary = (
  of: OperationCase["of"],
  operation: Unary,
  f: (x: number) => number,
  more: Partial<OperationCase> = {},
): OperationCase => ({ of, shapes: [[2, 5]], build: ([x]) => operation(x), reference: each(f), ...more });

/** Both operands are stretched, each along another axis. */
const binary = (
  of: OperationCase["of"],
  operation: Binary,
  f: (a: number, b: number) => number,
  more: Partial<OperationCase> = {},
): OperationCase => ({
  of,
  shapes: [
    [2, 1, 3],
    [4, 1],
  ],
  build: ([a, b]) => operation(a, b),
  reference: each(f),
  ...more,
});

const truth = (x: t.Tensor): t.Tensor => t.greaterThan(x, 0);
const asNumber = (condition: boolean): number => (condition ? 1 : 0);

const tanhGelu = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

export const elementwiseCases: OperationCase[] = [
  binary("add", t.add, (a, b) => a + b),
  binary("subtract", t.subtract, (a, b) => a - b),
  binary("multiply", t.multiply, (a, b) => a * b),
  binary("divide", t.divide, (a, b) => a / b, { positive: true }),
  {
    of: "divide",
    title: "a number by a tensor",
    shapes: [[3]],
    positive: true,
    build: ([x]) => t.divide(2, x),
    reference: each((x) => 2 / x),
  },
  binary("maximum", t.maximum, Math.max),
  binary("minimum", t.minimum, Math.min),
  unary(
    "equal",
    (x) => t.equal(x, t.relu(x)),
    (x) => asNumber(x >= 0),
    { discrete: true },
  ),
  binary("lessThan", t.lessThan, (a, b) => asNumber(a < b), { discrete: true }),
  binary("greaterThan", t.greaterThan, (a, b) => asNumber(a > b), { discrete: true }),
  binary(
    "logicalAnd",
    (a, b) => t.logicalAnd(truth(a), truth(b)),
    (a, b) => asNumber(a > 0 && b > 0),
    { discrete: true },
  ),
  binary(
    "logicalOr",
    (a, b) => t.logicalOr(truth(a), truth(b)),
    (a, b) => asNumber(a > 0 || b > 0),
    { discrete: true },
  ),
  unary(
    "logicalNot",
    (x) => t.logicalNot(truth(x)),
    (x) => asNumber(x <= 0),
    { discrete: true },
  ),
  unary("negate", t.negate, (x) => -x),
  unary("exp", t.exp, Math.exp),
  unary("log", t.log, Math.log, { positive: true }),
  unary("sqrt", t.sqrt, Math.sqrt, { positive: true }),
  unary("rsqrt", t.rsqrt, (x) => 1 / Math.sqrt(x), { positive: true }),
  unary("reciprocal", t.reciprocal, (x) => 1 / x, { positive: true }),
  unary("square", t.square, (x) => x * x),
  unary("sin", t.sin, Math.sin),
  unary("cos", t.cos, Math.cos),
  unary("tanh", t.tanh, Math.tanh),
  unary("sigmoid", t.sigmoid, sigmoid),
  unary("erf", t.erf, erf, { single: true }),
  unary("absolute", t.absolute, Math.abs),
  unary("relu", t.relu, (x) => Math.max(x, 0)),
  unary("silu", t.silu, (x) => x * sigmoid(x)),
  unary(
    "gelu",
    (x) => t.gelu(x),
    (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
    { title: "exact", single: true },
  ),
  unary("gelu", (x) => t.gelu(x, "tanh"), tanhGelu, { title: "tanh" }),
  unary(
    "clamp",
    (x) => t.clamp(x, -0.5, 0.7),
    (x) => Math.min(Math.max(x, -0.5), 0.7),
  ),
  {
    of: "where",
    shapes: [[4], [3, 1], [3, 4]],
    build: ([condition, a, b]) => t.where(truth(condition), a, b),
    reference: each((condition, a, b) => (condition > 0 ? a : b)),
  },
  unary("cast", (x) => t.cast(x, "int64"), Math.trunc, { title: "to whole numbers", discrete: true }),
  unary(
    "cast",
    (x) => t.cast(t.cast(x, "float64"), "float32"),
    (x) => x,
    { title: "of float types", single: true },
  ),
  unary("detach", t.detach, (x) => x, { gradientScale: 0 }),
  unary(
    "scaleGradient",
    (x) => t.scaleGradient(x, 0.25),
    (x) => x,
    { gradientScale: 0.25 },
  ),
  {
    of: "fullLike",
    shapes: [],
    discrete: true,
    build: () => t.fullLike(t.constant("float32", [2, 3], new Float32Array(6)), 1.5),
    reference: () => fill([2, 3], () => 1.5),
  },
];
