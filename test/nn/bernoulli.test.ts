import { expect, it } from "vitest";
import { logLikelihood } from "../../src/nn/bernoulli.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";

it("is the logarithm of the likelihood, also of odds that overflow", async () => {
  const odds = [-200, -3, -0.5, 0, 0.5, 3, 200];
  const given = [input("odds", "float32", [14]), input("is", "float32", [14])] as const;
  const feeds = {
    odds: hostArray("float32", [14], [...odds, ...odds]),
    is: hostArray("float32", [14], [...odds.map(() => 1), ...odds.map(() => 0)]),
  };
  const { result } = await evaluate({ result: logLikelihood(...given) }, feeds);
  const signed = [...odds, ...odds.map((value) => -value)];
  (result.data as Float32Array).forEach((value, i) => {
    expect(value).toBeCloseTo(signed[i] < -100 ? signed[i] : -Math.log1p(Math.exp(-signed[i])), 4);
  });
});
