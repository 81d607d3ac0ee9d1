import { describe, expect, it } from "vitest";
import { unipicMini } from "../../src/models/presets.ts";
import { decodeTokens, encodeTokens } from "../../src/models/vae.ts";
import { encodePatches } from "../../src/models/vae-patch.ts";
import { Scope } from "../../src/nn/scope.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { normals, startWeights } from "./weights.ts";

const patches = { type: "patch", embed_dim: 2, patch: 2, ch: 4, num_res_blocks: 1 } as const;
const config = { ...unipicMini, vae: patches, vae_scale: 0.5, mar: { ...unipicMini.mar, patch_size: 2 } };

describe("latent tokens", () => {
  it("are the scaled latents, neighbours together with the channel first", async () => {
    const scope = Scope.root();
    const pixels = input("pixels", "float32", [1, 3, 8, 12]);
    const tokens = encodeTokens(scope, config, pixels);
    const latents = encodePatches(scope, patches, pixels);
    expect(tokens.shape).toEqual([1, 2, 3, 8]);
    const feeds = { ...startWeights(scope, 1), pixels: normals([1, 3, 8, 12], 2) };
    const results = await evaluate({ tokens, latents }, feeds);
    const [rows, columns] = [4, 6];
    for (let i = 0; i < results.tokens.data.length; i++) {
      const [q, p, c] = [i % 2, Math.floor(i / 2) % 2, Math.floor(i / 4) % 2];
      const [n, m] = [Math.floor(i / 8) % 3, Math.floor(i / 24)];
      const from = (c * rows + 2 * m + p) * columns + 2 * n + q;
      expect(results.tokens.data[i]).toBe(0.5 * Number(results.latents.data[from]));
    }
  });

  it("come back as the pixels they stand for", async () => {
    const scope = Scope.root();
    const whole = { ...config, vae: { ...patches, embed_dim: 12 } };
    const pixels = input("pixels", "float32", [2, 3, 4, 8]);
    const decoded = decodeTokens(scope, whole, encodeTokens(scope, whole, pixels));
    const identity = Float32Array.from({ length: 144 }, (_, i) => (i % 13 === 0 ? 1 : 0));
    const feeds = {
      ...startWeights(scope, 1),
      "encoder.weight": hostArray("float32", [12, 3, 2, 2], identity),
      "decoder.linear.weight": hostArray("float32", [12, 12], identity),
      pixels: normals([2, 3, 4, 8], 2),
    };
    expect((await evaluate({ decoded }, feeds)).decoded).toEqual(feeds.pixels);
  });
});
