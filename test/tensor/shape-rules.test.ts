import { describe, expect, test } from "vitest";
import * as t from "../../src/tensor/index.ts";

const of = (...shape: t.Dimension[]) => t.input("x", "float32", shape);
const whole = (...shape: number[]) => t.input("n", "int64", shape);

describe("shapes that do not go together are refused in words", () => {
  test.each<[string, () => t.Tensor, string]>([
    [
      "add",
      () => t.add(of(2), of(3)),
      "add(float32[2], float32[3]): Shapes [2] and [3] do not go together: 2 against 3.",
    ],
    ["add of two names", () => t.add(of("batch"), of("length")), "batch against length"],
    ["add of two types", () => t.add(of(2), whole(2)), "the types float32 and int64 differ; cast one of them."],
    ["where", () => t.where(of(2), 1, of(2)), "the condition must be bool, not float32."],
    ["reshape", () => t.reshape(of(2, 3), [4]), "[4] has another number of elements (4 for 6)."],
    ["reshape to -1", () => t.reshape(of("batch", 3), [-1]), "-1 cannot be worked out"],
    ["transpose", () => t.transpose(of(2, 3), [0, 0]), "[0,0] is not an order of 2 axes."],
    ["broadcastTo", () => t.broadcastTo(of(2), [3]), "Shapes [2] and [3] do not go together"],
    ["broadcastTo of fewer", () => t.broadcastTo(of(2, 3), [3]), "it cannot be stretched to [3]."],
    ["concat", () => t.concat([of(2, 3), of(2, 4)], 0), "all but axis 0, and the types, must agree."],
    ["concat of nothing", () => t.concat([], 0), "concat needs at least one tensor."],
    ["slice", () => t.slice(of(3), 0, 1, 5), "[1, 5) is not inside axis 0."],
    ["split", () => t.split(of(5), 0, 2)[0], "5 cannot be split into 2 parts."],
    ["matmul", () => t.matmul(of(2, 3), of(4, 5)), "inner sizes 3 and 4 differ."],
    ["matmul of a vector", () => t.matmul(of(2), of(2, 3)), "both operands need two axes or more."],
    ["an axis", () => t.reduceSum(of(2, 3), [2]), "Axis 2 does not exist in a tensor of rank 2."],
    ["gatherRows", () => t.gatherRows(of(2, 3), of(2)), "row numbers are int64, not float32."],
    ["takeLast", () => t.takeLast(of(2, 3), whole(3, 1)), "the int64 index needs the leading shape [2]."],
    ["scatterAddRows", () => t.scatterAddRows(of(4, 2), whole(3), of(2, 2)), "one row number for each row to add."],
    [
      "attention",
      () => t.attention(of(1, 2, 6), of(1, 2, 6), of(1, 2, 6), { heads: 4 }),
      "width 6 has no 4 equal heads.",
    ],
    ["groupNorm", () => t.groupNorm(of(1, 6, 2, 2), of(6), of(6), 4, 1e-6), "channels in 4 equal groups is needed."],
    ["convolution", () => t.convolution(of(1, 3, 8, 8), of(4, 2, 3, 3)), "the picture needs 2 channels."],
    [
      "convolution of unknown size",
      () => t.convolution(of(1, 1, "h", 8), of(1, 1, 2, 2), undefined, { stride: 2 }),
      "a stride of 2 needs the picture's size known in advance.",
    ],
    ["constant data", () => t.constant("float16", [1], [1]), "float16 data is given as raw bits"],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(message);
  });

  test("a host array must fill its shape", () => {
    expect(() => t.hostArray("float32", [2, 3], [1, 2])).toThrow(
      "A float32 array of shape [2,3] holds 6 values, not 2.",
    );
  });
});
