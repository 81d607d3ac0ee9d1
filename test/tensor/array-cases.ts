import * as t from "../../src/tensor/index.ts";
import type { OperationCase } from "./operation-case.ts";
import { alongLast, at, each, fill, mean, type Plain, shaped, softmaxRow, standardRow, total } from "./plain.ts";

const EPSILON = 1e-5;
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

const flipped = (x: Plain): Plain =>
  fill([...x.shape.slice(0, -2), x.shape.at(-1)!, x.shape.at(-2)!], (place) =>
    at(x, [...place.slice(0, -2), place.at(-1)!, place.at(-2)!]),
  );

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
    of: "softmax",
    shapes: [[2, 3, 4]],
    build: ([x]) => t.softmax(x),
    reference: ([x]) => alongLast(x, softmaxRow),
  },
  {
    of: "softmax",
    title: "along the first axis",
    shapes: [[3, 2]],
    build: ([x]) => t.softmax(x, 0),
    reference: ([x]) => flipped(alongLast(flipped(x), softmaxRow)),
  },
  {
    of: "logSoftmax",
    shapes: [[2, 4]],
    build: ([x]) => t.logSoftmax(t.multiply(x, 30)),
    reference: ([x]) =>
      alongLast(each((value) => 30 * value)([x]), (row) => {
        const highest = Math.max(...row);
        const rest = Math.log(total(row.map((value) => Math.exp(value - highest))));
        return row.map((value) => value - highest - rest);
      }),
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
  {
    of: "layerNorm",
    shapes: [[2, 3, 6], [6], [6]],
    build: ([x, weight, bias]) => t.layerNorm(x, EPSILON, weight, bias),
    reference: ([x, weight, bias]) =>
      each((a, b, c) => a * b + c)([alongLast(x, (row) => standardRow(row, EPSILON)), weight, bias]),
  },
  {
    of: "layerNorm",
    title: "without weights",
    shapes: [[2, 6]],
    build: ([x]) => t.layerNorm(x, EPSILON),
    reference: ([x]) => alongLast(x, (row) => standardRow(row, EPSILON)),
  },
  {
    of: "rmsNorm",
    shapes: [[2, 3, 6], [6]],
    build: ([x, weight]) => t.rmsNorm(x, weight, EPSILON),
    reference: ([x, weight]) =>
      each((a, b) => a * b)([
        alongLast(x, (row) => row.map((value) => value / Math.sqrt(mean(row.map((v) => v * v)) + EPSILON))),
        weight,
      ]),
  },
  {
    of: "groupNorm",
    shapes: [[2, 4, 2, 3], [4], [4]],
    build: ([x, weight, bias]) => t.groupNorm(x, weight, bias, 2, EPSILON),
    reference: ([x, weight, bias]) => {
      const normal = shaped(
        alongLast(shaped(x, [4, 12]), (row) => standardRow(row, EPSILON)),
        x.shape,
      );
      return each((a, b, c) => a * b + c)([normal, shaped(weight, [4, 1, 1]), shaped(bias, [4, 1, 1])]);
    },
  },
  ...attentionCases(),
  {
    of: "rotary",
    shapes: [[2, 2, 8]],
    build: ([x]) => {
      const table = (f: (v: number) => number) => t.constant(x.dtype, [2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7].map(f));
      return t.rotary(x, table(Math.cos), table(Math.sin), 2);
    },
    reference: ([x]) =>
      fill(x.shape, ([i, j, k]) => {
        const [head, place] = [Math.floor(k / 4), k % 4];
        const angle = (i * 2 + j) * 2 + (place % 2);
        const [a, b] = [place % 2, (place % 2) + 2].map((n) => at(x, [i, j, head * 4 + n]));
        return place < 2 ? a * Math.cos(angle) - b * Math.sin(angle) : b * Math.cos(angle) + a * Math.sin(angle);
      }),
  },
  ...convolutionCases(),
];

function attentionReference(q: Plain, k: Plain, v: Plain, heads: number, scale: number, bias?: Plain): Plain {
  const [batch, queries, width] = q.shape;
  const head = width / heads;
  const keys = Array.from({ length: k.shape[1] }, (_, i) => i);
  const channels = Array.from({ length: head }, (_, i) => i);
  return fill([batch, queries, width], ([b, i, c]) => {
    const h = Math.floor(c / head);
    const scores = keys.map((j) => {
      const score = total(channels.map((n) => at(q, [b, i, h * head + n]) * at(k, [b, j, h * head + n])));
      return score * scale + (bias ? at(bias, [b, h, i, j]) : 0);
    });
    const weights = softmaxRow(scores);
    return total(keys.map((j) => weights[j] * at(v, [b, j, c])));
  });
}

function attentionCases(): OperationCase[] {
  return [
    {
      of: "attention",
      title: "of other keys, with a bias for all heads",
      shapes: [
        [2, 2, 4],
        [2, 3, 4],
        [2, 3, 4],
        [1, 1, 2, 3],
      ],
      build: ([q, k, v, bias]) => t.attention(q, k, v, { heads: 2, bias }),
      reference: ([q, k, v, bias]) => attentionReference(q, k, v, 2, Math.SQRT1_2, bias),
    },
    {
      of: "attention",
      title: "of a tensor with itself",
      shapes: [[2, 3, 4]],
      build: ([x]) => t.attention(x, x, x, { heads: 2, scale: 0.3 }),
      reference: ([x]) => attentionReference(x, x, x, 2, 0.3),
    },
  ];
}

type Sides = readonly [number, number, number, number];

function convolve(x: Plain, weight: Plain, bias: Plain | undefined, stride: number, padding: Sides): Plain {
  const [batch, channels, height, width] = x.shape;
  const [out, , rows, columns] = weight.shape;
  const [top, left, bottom, right] = padding;
  const size = (n: number, kernel: number, sides: number) => Math.floor((n + sides - kernel) / stride) + 1;
  const shape = [batch, out, size(height, rows, top + bottom), size(width, columns, left + right)];
  return fill(shape, ([b, o, i, j]) => {
    let sum = bias ? bias.data[o] : 0;
    for (let c = 0; c < channels; c++) {
      for (let r = 0; r < rows; r++) {
        for (let s = 0; s < columns; s++) {
          const [y, z] = [i * stride + r - top, j * stride + s - left];
          if (y >= 0 && y < height && z >= 0 && z < width) sum += at(x, [b, c, y, z]) * at(weight, [o, c, r, s]);
        }
      }
    }
    return sum;
  });
}

function convolutionCases(): OperationCase[] {
  const windows: { title: string; size: number[]; kernel: number; stride: number; padding: Sides }[] = [
    { title: "3 x 3, padded", size: [4, 3], kernel: 3, stride: 1, padding: [1, 1, 1, 1] },
    { title: "every second place, padded below and right", size: [4, 4], kernel: 3, stride: 2, padding: [0, 0, 1, 1] },
    { title: "a stride that leaves rows over", size: [5, 6], kernel: 2, stride: 3, padding: [0, 0, 0, 0] },
    { title: "1 x 1", size: [2, 3], kernel: 1, stride: 1, padding: [0, 0, 0, 0] },
  ];
  return [
    ...windows.map(
      ({ title, size, kernel, stride, padding }): OperationCase => ({
        of: "convolution",
        title,
        single: true,
        shapes: [[2, 2, ...size], [3, 2, kernel, kernel], [3]],
        build: ([x, weight, bias]) => t.convolution(x, weight, bias, { stride, padding }),
        reference: ([x, weight, bias]) => convolve(x, weight, bias, stride, padding),
      }),
    ),
    {
      of: "upsampleNearest",
      shapes: [[1, 2, 2, 3]],
      build: ([x]) => t.upsampleNearest(x, 2),
      reference: ([x]) => fill([1, 2, 4, 6], ([b, c, i, j]) => at(x, [b, c, Math.floor(i / 2), Math.floor(j / 2)])),
    },
  ];
}
