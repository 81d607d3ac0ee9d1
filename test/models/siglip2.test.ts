import { describe, expect, it } from "vitest";
import type { Siglip2Config } from "../../src/models/config.ts";
import { siglip2Embeddings, siglip2Features } from "../../src/models/siglip2.ts";
import { siglip2Pooled } from "../../src/models/siglip2-pooling.ts";
import { Scope } from "../../src/nn/scope.ts";
import { convolution, input, reshape, transpose } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { normals, startWeights } from "./weights.ts";

const config: Siglip2Config = {
  hidden_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 20,
  image_size: 8,
  patch_size: 4,
  layer_norm_eps: 1e-6,
  hidden_act: "gelu_pytorch_tanh",
};

describe("SigLIP2", () => {
  it("gives a state for each patch and one vector for the whole, for any batch", async () => {
    const scope = Scope.root();
    const features = siglip2Features(scope, config, input("pixels", "float32", ["batch", 3, 8, 8]));
    const pooled = siglip2Pooled(scope, config, features);
    expect(features.shape).toEqual(["batch", 4, 12]);
    expect(pooled.shape).toEqual(["batch", 12]);
    const feeds = { ...startWeights(scope, 1), pixels: normals([2, 3, 8, 8], 2) };
    const fused = await evaluate({ features, pooled }, feeds, { fused: true });
    const plain = await evaluate({ features, pooled }, feeds, { fused: false });
    for (const name of ["features", "pooled"]) {
      (fused[name].data as Float32Array).forEach((value, i) => {
        expect(value).toBeCloseTo((plain[name].data as Float32Array)[i], 4);
      });
    }
  });

  it("embeds patches as a convolution of their size and stride would", async () => {
    const scope = Scope.root();
    const pixels = input("pixels", "float32", [1, 3, 8, 8]);
    const embedded = siglip2Embeddings(scope, config, pixels);
    const part = (name: string) => scope.parameters.get(`vision_model.embeddings.${name}`)!;
    const bias = part("patch_embedding.bias");
    const map = convolution(pixels, part("patch_embedding.weight"), bias, { stride: 4 });
    const expected = transpose(reshape(map, [1, 12, 4]), [0, 2, 1]);
    const weights = startWeights(scope, 1);
    weights["vision_model.embeddings.position_embedding.weight"].data.fill(0 as never);
    weights["vision_model.embeddings.patch_embedding.bias"] = normals([12], 4);
    const results = await evaluate({ embedded, expected }, { ...weights, pixels: normals([1, 3, 8, 8], 2) });
    (results.embedded.data as Float32Array).forEach((value, i) => {
      expect(value).toBeCloseTo((results.expected.data as Float32Array)[i], 4);
    });
  });

  it("refuses pictures of another size", () => {
    const pixels = input("pixels", "float32", [1, 3, 16, 16]);
    expect(() => siglip2Features(Scope.root(), config, pixels)).toThrow("8x8, not 16x16");
  });
});
