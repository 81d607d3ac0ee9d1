import * as t from "../../src/tensor/index.ts";
import type { OperationCase } from "./operation-case.ts";
import { at, each, fill, flipped, mean, type Plain, shaped, total } from "./plain.ts";

const whole = (shape: number[], values: number[]) => t.constant("int64", shape, values);

/** A reduction over the middle axis of [2, 3, 4]. */
const middle =
  (f: (values: number[]) => number) =>
  ([x]: Plain[]) =>
    fill([2, 4], ([i, k]) => f([0, 1, 2].map((j) => at(x, [i, j, k]))));

/** a b over the last two axes, leading axes broadcast from the back. */
function product(a: Plain, b: Plain): Plain {
  const lead = a.shape.length >= b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
  return fill([...lead, a.shape.at(-2)!, b.shape.at(-1)!], (place) => {
    const [row, column] = place.slice(-2);
    const front = place.slice(0, -2);
    const inner = Array.from({ length: a.shape.at(-1)! }, (_, i) => i);
    return total(inner.map((i) => at(a, [...front, row, i]) * at(b, [...front, i, column])));
  });
}

/** What moves, reduces, multiplies and picks. */
export const arrayCases: OperationCase[] = [
  {
    of: "reshape",
    shapes: [[2, 6]],
    build: ([x]) => t.reshape(x, [3, -1]),
    reference: ([x]) => shaped(x, [3, 4]),
  },
  { of: "unsqueeze", shapes: [[2, 3]], build: ([x]) => t.unsqueeze(x, -1), reference: ([x]) => shaped(x, [2, 3, 1]) },
  {
    of: "transpose",
    shapes: [[2, 3, 4]],
    build: ([x]) => t.transpose(x, [2, 0, 1]),
    reference: ([x]) => fill([4, 2, 3], ([i, j, k]) => at(x, [j, k, i])),
  },
  { of: "transposeLast", shapes: [[2, 3, 4]], build: ([x]) => t.transposeLast(x), reference: ([x]) => flipped(x) },
  {
    of: "broadcastTo",
    shapes: [[3, 1]],
    build: ([x]) => t.broadcastTo(x, [2, 3, 4]),
    reference: ([x]) => fill([2, 3, 4], (place) => at(x, place)),
  },
  {
    of: "sumTo",
    shapes: [[2, 3, 4]],
    build: ([x]) => t.sumTo(x, [3, 1]),
    reference: ([x]) => fill([3, 1], ([j]) => total([0, 1].flatMap((i) => [0, 1, 2, 3].map((k) => at(x, [i, j, k]))))),
  },
  {
    of: "concat",
    shapes: [
      [2, 1, 2],
      [2, 3, 2],
    ],
    build: ([a, b]) => t.concat([a, b, a], -2),
    reference: ([a, b]) =>
      fill([2, 5, 2], ([i, j, k]) => (j === 0 || j === 4 ? at(a, [i, 0, k]) : at(b, [i, j - 1, k]))),
  },
  {
    of: "slice",
    shapes: [[2, 5]],
    build: ([x]) => t.slice(x, 1, 1, 4),
    reference: ([x]) => fill([2, 3], ([i, j]) => at(x, [i, j + 1])),
  },
  {
    of: "split",
    title: "all parts used, in another order",
    shapes: [[2, 6]],
    build: ([x]) => {
      const [a, b, c] = t.split(x, 1, 3);
      return t.subtract(t.multiply(c, a), t.multiply(b, b));
    },
    reference: ([x]) => fill([2, 2], ([i, j]) => at(x, [i, j + 4]) * at(x, [i, j]) - at(x, [i, j + 2]) ** 2),
  },
  {
    of: "split",
    title: "one part unused",
    shapes: [[2, 6]],
    build: ([x]) => t.multiply(t.split(x, 1, 3)[0], t.split(x, 1, 3)[2]),
    reference: ([x]) => fill([2, 2], ([i, j]) => at(x, [i, j]) * at(x, [i, j + 4])),
  },
  {
    of: "pad",
    shapes: [[2, 3]],
    build: ([x]) => t.pad(x, 1, 2, 1),
    reference: ([x]) => fill([2, 6], ([i, j]) => (j >= 2 && j < 5 ? at(x, [i, j - 2]) : 0)),
  },
  {
    of: "addAll",
    shapes: [
      [2, 2],
      [2, 2],
      [2, 4],
    ],
    build: ([a, b, c]) => t.addAll([t.pad(b, 1, 2, 0), c, t.pad(a, 1, 0, 2)]),
    reference: ([a, b, c]) => fill([2, 4], ([i, j]) => at(c, [i, j]) + (j < 2 ? at(a, [i, j]) : at(b, [i, j - 2]))),
  },
  {
    of: "addAll",
    title: "with pieces that overlap",
    shapes: [
      [2, 2],
      [2, 3],
    ],
    build: ([a, b]) => t.addAll([t.pad(a, 1, 0, 2), t.pad(b, 1, 1, 0)]),
    reference: ([a, b]) => fill([2, 4], ([i, j]) => (j < 2 ? at(a, [i, j]) : 0) + (j > 0 ? at(b, [i, j - 1]) : 0)),
  },
  {
    of: "repeatInterleave",
    shapes: [[2, 3]],
    build: ([x]) => t.repeatInterleave(x, 1, 2),
    reference: ([x]) => fill([2, 6], ([i, j]) => at(x, [i, Math.floor(j / 2)])),
  },
  {
    of: "repeatHeads",
    shapes: [[1, 2, 4]],
    build: ([x]) => t.repeatHeads(x, 2, 4),
    reference: ([x]) => fill([1, 2, 8], ([i, j, k]) => at(x, [i, j, Math.floor(k / 4) * 2 + (k % 2)])),
  },
  { of: "reduceSum", shapes: [[2, 3, 4]], build: ([x]) => t.reduceSum(x, [1]), reference: middle(total) },
  {
    of: "reduceSum",
    title: "of everything",
    shapes: [[2, 3]],
    build: ([x]) => t.reduceSum(x),
    reference: ([x]) => shaped({ shape: [], data: [total(x.data)] }, []),
  },
  { of: "reduceMean", shapes: [[2, 3, 4]], build: ([x]) => t.reduceMean(x, [-2]), reference: middle(mean) },
  {
    of: "reduceMax",
    shapes: [[2, 3, 4]],
    build: ([x]) => t.reduceMax(x, [1], true),
    reference: ([x]) => shaped(middle((values) => Math.max(...values))([x]), [2, 1, 4]),
  },
  {
    of: "argMax",
    shapes: [[2, 3, 4]],
    discrete: true,
    build: ([x]) => t.argMax(x, 1),
    reference: middle((values) => values.indexOf(Math.max(...values))),
  },
  {
    of: "matmul",
    shapes: [
      [2, 3],
      [3, 4],
    ],
    build: ([a, b]) => t.matmul(a, b),
    reference: ([a, b]) => product(a, b),
  },
  ...[
    { transposeA: true, transposeB: false },
    { transposeA: false, transposeB: true },
    { transposeA: true, transposeB: true },
  ].flatMap((flags): OperationCase[] =>
    [[], [2]].map((lead) => ({
      of: "matmul",
      title: `with ${JSON.stringify(flags)}${lead.length ? ", the first operand stacked" : ""}`,
      shapes: [[...lead, ...(flags.transposeA ? [3, 2] : [2, 3])], flags.transposeB ? [4, 3] : [3, 4]],
      build: ([a, b]) => t.matmul(a, b, flags),
      reference: ([a, b]) => product(flags.transposeA ? flipped(a) : a, flags.transposeB ? flipped(b) : b),
    })),
  ),
  {
    of: "linear",
    shapes: [[2, 3, 4], [5, 4], [5]],
    build: ([x, weight, bias]) => t.linear(x, weight, bias),
    reference: ([x, weight, bias]) => each((a, b) => a + b)([product(x, flipped(weight)), bias]),
  },
  {
    of: "gatherColumns",
    shapes: [[2, 3, 2]],
    build: ([x]) => t.gatherColumns(x, whole([4], [2, 0, 0, 1])),
    reference: ([x]) => fill([2, 4, 2], ([i, j, k]) => at(x, [i, [2, 0, 0, 1][j], k])),
  },
  {
    of: "gatherRows",
    title: "rows that repeat",
    shapes: [[4, 3]],
    build: ([x]) => t.gatherRows(x, whole([2, 2], [0, 3, 3, 1])),
    reference: ([x]) => fill([2, 2, 3], ([i, j, k]) => at(x, [[0, 3, 3, 1][i * 2 + j], k])),
  },
  {
    of: "scatterAddRows",
    shapes: [
      [4, 2],
      [3, 2],
    ],
    build: ([x, updates]) => t.scatterAddRows(x, whole([3], [2, 0, 2]), updates),
    reference: ([x, updates]) =>
      fill([4, 2], ([i, j]) => at(x, [i, j]) + total([2, 0, 2].map((row, n) => (row === i ? at(updates, [n, j]) : 0)))),
  },
  {
    of: "takeLast",
    shapes: [[2, 4]],
    build: ([x]) => {
      const taken = t.takeLast(x, whole([2, 3], [0, 0, 3, 1, 2, 2]));
      return t.multiply(taken, taken);
    },
    reference: ([x]) => fill([2, 3], ([i, j]) => at(x, [i, [0, 0, 3, 1, 2, 2][i * 3 + j]]) ** 2),
  },
  {
    of: "oneHot",
    shapes: [],
    discrete: true,
    build: () => t.oneHot(whole([2, 2], [0, 2, 1, 2]), 3),
    reference: () => fill([2, 2, 3], ([i, j, k]) => ([0, 2, 1, 2][i * 2 + j] === k ? 1 : 0)),
  },
  {
    of: "range",
    shapes: [],
    discrete: true,
    build: () => t.range(4),
    reference: () => fill([4], ([i]) => i),
  },
  {
    of: "sizeTensor",
    shapes: [],
    discrete: true,
    build: () => t.sizeTensor(7, "float32"),
    reference: () => fill([], () => 7),
  },
];
