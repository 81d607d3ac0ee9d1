import { describe, expect, it } from "vitest";
import type { HostArray } from "../../src/tensor/dtype.ts";
import { arrangeDrawing } from "../../src/training/drawing-inputs.ts";

const numbers = ({ data }: HostArray): number[] => Array.from(data as BigInt64Array, Number);

describe("arranging a drawing batch", () => {
  const prompts = {
    rows: [
      [7, 8, 9],
      [5, 0, 0],
    ],
    lengths: [3, 1],
  };
  const hidden = { orders: [Int32Array.of(2, 0, 3, 1), Int32Array.of(1, 3, 0, 2)], masked: 2 };

  it("shows the last tokens of each order and predicts the first, in raster order and repeated", () => {
    const arranged = arrangeDrawing(prompts, hidden, 1, 2, false);
    expect(arranged.places.shape).toEqual([2, 2]);
    expect(numbers(arranged.places)).toEqual([1, 3, 0, 2]);
    expect(numbers(arranged.visible)).toEqual([1, 3, 4, 6]);
    expect(numbers(arranged.predicted)).toEqual([0, 2, 5, 7, 0, 2, 5, 7]);
  });

  it("continues positions after each prompt's own tokens and hides what fills it up", () => {
    const arranged = arrangeDrawing(prompts, hidden, 1, 1, false);
    expect(arranged.positions.shape).toEqual([2, 6]);
    expect(numbers(arranged.positions)).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 1, 2, 3]);
    expect(numbers(arranged.mask)).toEqual([1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1]);
  });

  it("leaves nothing visible where everything is hidden", () => {
    const arranged = arrangeDrawing(prompts, { ...hidden, masked: 4 }, 1, 1, true);
    expect(arranged.visible.shape).toEqual([2, 0]);
    expect(numbers(arranged.predicted)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    // The buffer's row, then the source's tokens, for each picture.
    expect(numbers(arranged.canvas)).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
  });
});
