import { expect, it } from "vitest";
import { joinFeatures } from "../../src/pipeline/encode-picture.ts";
import { hostArray } from "../../src/tensor/dtype.ts";

it("puts features of a picture one after the other", async () => {
  const features = (...values: number[]) => hostArray("float32", [1, values.length / 2, 2], Float32Array.from(values));
  const joined = await joinFeatures([features(1, 2, 3, 4), features(5, 6)]);
  expect(joined).toEqual(hostArray("float32", [1, 3, 2], Float32Array.from([1, 2, 3, 4, 5, 6])));
});
