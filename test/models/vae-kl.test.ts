import { describe, expect, it } from "vitest";
import type { KlVaeConfig } from "../../src/models/config.ts";
import { decodeLatents, encodeMoments } from "../../src/models/vae-kl.ts";
import { Scope } from "../../src/nn/scope.ts";
import type { HostArray } from "../../src/tensor/dtype.ts";
import { gradients, input, reduceMean, square, type Tensor } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { normals, startWeights } from "./weights.ts";

const config: KlVaeConfig = { embed_dim: 3, ch: 32, ch_mult: [1, 2, 1] };

describe("KL autoencoder", () => {
  it("halves once between levels, for pictures that are not square, and comes back to their size", async () => {
    const scope = Scope.root();
    const moments = encodeMoments(scope, config, input("pixels", "float32", ["batch", 3, 8, 12]));
    const decoded = decodeLatents(scope, config, input("latents", "float32", ["batch", 3, 2, 3]));
    expect(moments.shape).toEqual(["batch", 6, 2, 3]);
    expect(decoded.shape).toEqual(["batch", 3, 8, 12]);
    const feeds = {
      ...startWeights(scope, 1),
      pixels: normals([2, 3, 8, 12], 2),
      latents: normals([2, 3, 2, 3], 3),
    };
    const first = await evaluate({ moments, decoded }, feeds, { fused: true });
    const again = await evaluate({ moments, decoded }, feeds, { fused: true });
    expect(again).toEqual(first);
    expect(first.moments.shape).toEqual([2, 6, 2, 3]);
  });

  it("has attention in the encoder's last level and both middles, and nowhere else", () => {
    const scope = Scope.root();
    encodeMoments(scope, config, input("pixels", "float32", [1, 3, 8, 8]));
    decodeLatents(scope, config, input("latents", "float32", [1, 3, 2, 2]));
    const places = [...scope.parameters.keys()].filter((name) => name.endsWith(".q.weight"));
    expect(places.sort()).toEqual([
      "decoder.mid.attn_1.q.weight",
      "encoder.down.2.attn.0.q.weight",
      "encoder.down.2.attn.1.q.weight",
      "encoder.mid.attn_1.q.weight",
    ]);
  });

  it("changes channels by a shortcut only where their number changes", () => {
    const scope = Scope.root();
    encodeMoments(scope, config, input("pixels", "float32", [1, 3, 8, 8]));
    const shortcuts = [...scope.parameters.keys()].filter((name) => name.includes("nin_shortcut.weight"));
    expect(shortcuts).toEqual([
      "encoder.down.1.block.0.nin_shortcut.weight",
      "encoder.down.2.block.0.nin_shortcut.weight",
    ]);
  });

  it("lets gradients through to every kernel", async () => {
    const pixels = normals([1, 3, 8, 8], 2);
    const encoder = Scope.root();
    const moments = encodeMoments(encoder, config, input("pixels", "float32", pixels.shape));
    await expectGradients(encoder, moments, { pixels });
    const latents = normals([1, 3, 2, 2], 3);
    const decoder = Scope.root();
    await expectGradients(decoder, decodeLatents(decoder, config, input("latents", "float32", latents.shape)), {
      latents,
    });
  });
});

/** Biases are left out: one that stands before a norm, or among attention's keys, has no effect by design. */
async function expectGradients(scope: Scope, result: Tensor, feeds: Record<string, HostArray>): Promise<void> {
  const names = [...scope.parameters.keys()].filter((name) => name.endsWith("weight"));
  const slopes = gradients(
    reduceMean(square(result)),
    names.map((name) => scope.parameters.get(name)!),
  );
  const outputs = Object.fromEntries(names.map((name, i) => [`to ${name}`, slopes[i]]));
  const results = await evaluate(outputs, { ...startWeights(scope, 1), ...feeds });
  expect(names.filter((name) => (results[`to ${name}`].data as Float32Array).every((value) => value === 0))).toEqual(
    [],
  );
}
