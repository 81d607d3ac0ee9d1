import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeSafetensors } from "../../src/checkpoint/index.ts";
import { Autoencoder } from "../../src/evaluation/autoencoder.ts";
import { unipicMini } from "../../src/models/presets.ts";
import { decodeTokens, encodeTokens } from "../../src/models/vae.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { asTensors } from "../../src/training/checkpoint.ts";
import { initialize } from "../../src/training/parameters.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "autoencoder-"));
  const root = Scope.root();
  const tokens = encodeTokens(root.child("vae"), unipicMini, input("pixels", "float32", [1, 3, 64, 64]));
  decodeTokens(root.child("vae"), unipicMini, tokens);
  const weights = initialize(root.parameters, new Random(1));
  await writeSafetensors(join(folder, "model.safetensors"), asTensors(weights));
  await writeFile(join(folder, "config.json"), JSON.stringify(unipicMini));
});
afterAll(() => rm(folder, { recursive: true }));

it("passes each picture through with as much noise as it is given", async () => {
  const autoencoder = await Autoencoder.load(nodeEngine, folder, 1);
  expect(autoencoder.size).toBe(64);
  const one = new Random(2).normals(3 * 64 * 64).map((value) => value / 4);
  const pixels = hostArray("float32", [2, 3, 64, 64], Float32Array.from([...one, ...one]));
  const round = async (deviations: number[]) => {
    const { data } = await autoencoder.roundTrip(pixels, deviations, new Random(3));
    const values = data as Float32Array;
    return [values.slice(0, one.length), values.slice(one.length)];
  };
  const [a, b] = await round([0, 0.5]);
  expect(a).not.toEqual(b);
  expect((await round([0, 0]))[0]).toEqual(a);
  expect((await round([0, 0]))[1]).toEqual(a);
  expect(Math.max(...b)).toBeLessThanOrEqual(1);
  await autoencoder.release();
});

it("says what is missing", async () => {
  await expect(Autoencoder.load(nodeEngine, join(folder, "nowhere"))).rejects.toThrow(/nowhere/);
});
