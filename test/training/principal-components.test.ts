import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { principalComponents } from "../../src/training/principal-components.ts";

describe("principalComponents", () => {
  it("finds the directions and variances that the vectors were made with", () => {
    const random = new Random(2);
    const count = 4000;
    const vectors = new Float32Array(count * 3);
    for (let i = 0; i < count; i++) {
      const [long, short] = [3 * random.normal(), random.normal()];
      // Along (1, 1, 0) / sqrt 2 and (0, 0, 1), around (5, 0, -1).
      vectors.set([5 + long * Math.SQRT1_2, long * Math.SQRT1_2, -1 + short], i * 3);
    }
    const { mean, directions, variances } = principalComponents(vectors, 3, 2);
    for (const [axis, value] of [5, 0, -1].entries()) expect(mean[axis]).toBeCloseTo(value, 0);
    expect(variances[0]).toBeGreaterThan(8);
    expect(variances[0]).toBeLessThan(10);
    expect(variances[1]).toBeCloseTo(1, 0);
    const sign = Math.sign(directions[0][0]);
    for (const [axis, value] of [Math.SQRT1_2, Math.SQRT1_2, 0].entries()) {
      expect(sign * directions[0][axis]).toBeCloseTo(value, 1);
    }
    expect(Math.abs(directions[1][2])).toBeCloseTo(1, 2);
  });
});
