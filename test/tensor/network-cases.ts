import * as t from "../../src/tensor/index.ts";
import type { OperationCase } from "./operation-case.ts";
import {
  alongLast,
  at,
  each,
  fill,
  flipped,
  mean,
  type Plain,
  shaped,
  softmaxRow,
  standardRow,
  total,
} from "./plain.ts";

const EPSILON = 1e-5;

/** The building blocks of networks: softmax, norms, attention, convolution. */
export const networkCases: OperationCase[] = [
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
    ...[
      { title: "several new tokens of rows with caches of different lengths", tokens: 3, past: 4, before: [4, 2] },
      { title: "a single new token of each row", tokens: 1, past: 3, before: [1, 3] },
      { title: "without a cache", tokens: 2, past: 0, before: [0, 0] },
      { title: "heads of a size that no kernel takes", tokens: 2, past: 1, before: [1, 0], head: 3 },
    ].map(cachedAttentionCase),
  ];
}

interface CachedTokens {
  title: string;
  tokens: number;
  past: number;
  before: number[];
  head?: number;
}

/** Four heads of eight numbers (or of `head`), two for each of two key-value heads. */
function cachedAttentionCase({ title, tokens, past, before, head = 8 }: CachedTokens): OperationCase {
  const [heads, groups] = [4, 2];
  const cache = [2, groups, past, head];
  return {
    of: "cachedAttention",
    title,
    shapes: [[2, tokens, heads * head], [2, tokens, groups * head], [2, tokens, groups * head], cache, cache],
    build: ([q, key, value, pastKey, pastValue]) =>
      t.cachedAttention(
        q,
        { key, value },
        { key: pastKey, value: pastValue },
        t.constant("int64", [2], BigInt64Array.from(before, BigInt)),
        { heads, groups },
      ),
    reference: ([q, key, value, pastKey, pastValue]) =>
      fill(q.shape, ([row, i, column]) => {
        const h = Math.floor(column / head);
        const g = Math.floor(h / (heads / groups));
        const number = (cached: Plain, fresh: Plain, token: number, d: number) =>
          token < before[row] ? at(cached, [row, g, token, d]) : at(fresh, [row, token - before[row], g * head + d]);
        const seen = Array.from({ length: before[row] + i + 1 }, (_, token) => token);
        const scores = seen.map(
          (token) =>
            total(
              Array.from({ length: head }, (_, d) => at(q, [row, i, h * head + d]) * number(pastKey, key, token, d)),
            ) / Math.sqrt(head),
        );
        const weights = softmaxRow(scores);
        return total(seen.map((token) => weights[token] * number(pastValue, value, token, column % head)));
      }),
  };
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
