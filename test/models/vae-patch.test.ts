import { describe, expect, it } from "vitest";
import type { PatchVaeConfig } from "../../src/models/config.ts";
import { decodePatches, encodePatches } from "../../src/models/vae-patch.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { gradients, input, reduceMean, square, subtract, type Tensor } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { normals, startWeights } from "./weights.ts";

const config: PatchVaeConfig = { type: "patch", embed_dim: 4, patch: 4, ch: 12, num_res_blocks: 1 };

/** Smooth pictures: each channel a slope of its own. */
function slopes(count: number, side: number): HostArray {
  const random = new Random(1);
  const values: number[] = [];
  for (let plane = 0; plane < count * 3; plane++) {
    const [right, down] = [random.uniform(-1, 1), random.uniform(-1, 1)];
    for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) values.push((right * x + down * y) / side);
  }
  return hostArray("float32", [count, 3, side, side], values);
}

describe("patch autoencoder", () => {
  it("maps pictures of any multiple of the patch to latents and back, for any batch", async () => {
    const scope = Scope.root();
    const latents = encodePatches(scope, config, input("pixels", "float32", ["batch", 3, 8, 20]));
    const decoded = decodePatches(scope, config, latents);
    expect(latents.shape).toEqual(["batch", 4, 2, 5]);
    expect(decoded.shape).toEqual(["batch", 3, 8, 20]);
    const feeds = { ...startWeights(scope, 1), pixels: normals([3, 3, 8, 20], 2) };
    const results = await evaluate({ decoded }, feeds);
    expect(results.decoded.shape).toEqual([3, 3, 8, 20]);
    expect(results.decoded.data).toEqual((await evaluate({ decoded }, feeds)).decoded.data);
  });

  it("starts as the linear autoencoder of its weights: orthonormal ones give back the picture they span", async () => {
    const whole = { ...config, embed_dim: 48 };
    const scope = Scope.root();
    const decoded = decodePatches(scope, whole, encodePatches(scope, whole, input("pixels", "float32", [1, 3, 8, 8])));
    const identity = Float32Array.from({ length: 48 * 48 }, (_, i) => (i % 49 === 0 ? 1 : 0));
    const feeds = {
      ...startWeights(scope, 1),
      "encoder.weight": hostArray("float32", [48, 3, 4, 4], identity),
      "decoder.linear.weight": hostArray("float32", [48, 48], identity),
      pixels: normals([1, 3, 8, 8], 2),
    };
    const results = await evaluate({ decoded }, feeds);
    expect(results.decoded.data).toEqual(feeds.pixels.data);
  });

  it("sees neighbouring tokens when decoding", async () => {
    const scope = Scope.root();
    const decoded = decodePatches(scope, config, input("latents", "float32", [1, 4, 3, 3]));
    const weights = startWeights(scope, 1);
    weights["decoder.conv_out.weight"] = normals(weights["decoder.conv_out.weight"].shape, 3);
    const latents = normals([1, 4, 3, 3], 4);
    const before = await evaluate({ decoded }, { ...weights, latents });
    const changed = hostArray("float32", latents.shape, Float32Array.from(latents.data as Float32Array));
    changed.data[0] = 5; // the top left token
    const after = await evaluate({ decoded }, { ...weights, latents: changed });
    const besideIt = 4; // the first pixel of the token to its right
    expect(after.decoded.data[besideIt]).not.toBe(before.decoded.data[besideIt]);
  });

  it("learns to reconstruct in a few steps of gradient descent, with a gradient for every weight", async () => {
    const scope = Scope.root();
    const pixels = input("pixels", "float32", [4, 3, 8, 8]);
    const decoded = decodePatches(scope, config, encodePatches(scope, config, pixels));
    const loss = reduceMean(square(subtract(decoded, pixels)));
    const weights = [...scope.parameters.values()];
    const outputs: Record<string, Tensor> = { loss };
    gradients(loss, weights).forEach((gradient, i) => {
      outputs[`gradient of ${[...scope.parameters.keys()][i]}`] = gradient;
    });
    const program = await Program.compile(
      nodeEngine,
      outputs,
      { fused: false, parameters: () => undefined },
      { device: "cpu", threads: 1, optimization: "quick" },
    );
    const values = startWeights(scope, 1);
    const moved = new Set<string>();
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) {
      const results = await program.run({ ...values, pixels: slopes(4, 8) });
      losses.push(Number(results.loss.data[0]));
      for (const name of scope.parameters.keys()) {
        const change = results[`gradient of ${name}`].data as Float32Array;
        const weight = values[name].data as Float32Array;
        if (change.some((value) => value !== 0)) moved.add(name);
        for (let i = 0; i < weight.length; i++) weight[i] -= 0.5 * change[i];
      }
    }
    await program.release();
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]);
    expect([...scope.parameters.keys()].filter((name) => !moved.has(name))).toEqual([]);
  });

  it("refuses a patch that no doubling reaches", () => {
    const latents = input("latents", "float32", [1, 4, 3, 3]);
    expect(() => decodePatches(Scope.root(), { ...config, patch: 6 }, latents)).toThrow("power of two");
  });
});
