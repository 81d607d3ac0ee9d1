import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Picture, UniPic } from "../../src/index.ts";
import { traceChange, traceLook, tracePlace, tracePose, traceTellChanges } from "../../src/models/changing-programs.ts";
import { type KlVaeConfig, patchSide } from "../../src/models/config.ts";
import { layoutPrograms, traceClear } from "../../src/models/drawing-programs.ts";
import type { Grid } from "../../src/models/position-table.ts";
import { decodeLatents, encodeMoments } from "../../src/models/vae-kl.ts";
import { Scope } from "../../src/nn/scope.ts";
import { loadFolder } from "../../src/pipeline/load-folder.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import { isOnDevice } from "../../src/runtime/values.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { input, type Tensor } from "../../src/tensor/index.ts";
import { hasGpu, onGpu } from "../helpers/gpu.ts";
import { tinyChangingConfig, writeTinyModel } from "../helpers/tiny-model.ts";
import { normals, startWeights } from "../models/weights.ts";

const isThere = await hasGpu();
/** Compiling for the emulated GPU takes most of the time, which is much where other programs run too. */
const PATIENCE = 600_000;

/** What a small network of edits says of everything, whatever it sees. */
const saying = (name: string, value: number) => ({
  [`changes.${name}.weight`]: 0,
  [`changes.${name}.bias`]: value,
});

/** Largest difference between two pictures, in levels. */
function difference(a: Picture, b: Picture): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  return Math.max(...a.data.map((level, i) => Math.abs(level - b.data[i])));
}

/** Expects the same of a program on the processor and on the GPU. Feeds that it does not ask for are left out. */
async function sameOnBoth(outputs: Record<string, Tensor>, feeds: Record<string, HostArray>): Promise<void> {
  const [expected, got] = await Promise.all(
    (["cpu", "webgpu"] as const).map(async (device) => {
      const lowering = { fused: true, parameters: () => undefined };
      const program = await Program.compile(nodeEngine, outputs, lowering, { device });
      const asked = new Set(program.inputs.map(({ name }) => name));
      const own = Object.fromEntries(Object.entries(feeds).filter(([name]) => asked.has(name)));
      const results = await program.run(own);
      await program.release();
      return results;
    }),
  );
  for (const name of Object.keys(outputs)) {
    const values = Array.from(got[name].data, Number);
    expect(values.some((value) => value !== 0)).toBe(true);
    const distance = Math.max(...values.map((value, i) => Math.abs(value - Number(expected[name].data[i]))));
    expect(distance).toBeLessThan(1e-4 * Math.max(1, ...values.map(Math.abs)));
  }
}

/** Pixels from -1 to 1. */
const levels = (shape: number[], seed: number): HostArray =>
  hostArray(
    "float32",
    shape,
    (normals(shape, seed).data as Float32Array).map((value) => Math.sin(value)),
  );

describe.skipIf(!isThere)(onGpu("a model on WebGPU", isThere), () => {
  let folder: string;
  let [cpu, gpu]: UniPic[] = [];
  /** Floating-point results that came back to host memory, by name. */
  const cameBack = new Set<string>();

  function watching(engine: Engine): Engine {
    return {
      async load(program, options) {
        const loaded = await engine.load(program, options);
        const run: typeof loaded.run = async (feeds, into) => {
          const results = await loaded.run(feeds, into);
          for (const [name, value] of Object.entries(results)) if (!isOnDevice(value)) cameBack.add(name);
          return results;
        };
        return { ...loaded, run };
      },
    };
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unipic-gpu-"));
    // No word names anything: what is cut out of noise hangs on single levels, which differ from device to device.
    const fill = {
      ...saying("words.vote", -1),
      ...saying("look.asked", -5),
    };
    await writeTinyModel(folder, { config: { ...tinyChangingConfig, layouts: true }, fill });
    cpu = await UniPic.load(folder, { threads: 1 });
    const parts = await loadFolder(folder, { device: "webgpu" });
    gpu = new UniPic({ ...parts, engine: watching(parts.engine) });
  });

  afterAll(async () => {
    await Promise.all([cpu?.release(), gpu?.release()]);
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it(
    "draws, edits and answers as the processor does, and leaves state and cache on the device",
    async () => {
      const options = { steps: 2, rounds: 2, seed: 3 };
      const [car] = await cpu.generate("a red car", options);
      expect(difference((await gpu.generate("a red car", options))[0], car)).toBeLessThanOrEqual(1);
      const [blue] = await cpu.edit(car, "make it blue", options);
      expect(difference((await gpu.edit(car, "make it blue", options))[0], blue)).toBeLessThanOrEqual(1);
      const answering = { maxTokens: 4, temperature: 1 };
      expect(await gpu.describe(car, "what?", answering)).toBe(await cpu.describe(car, "what?", answering));
      expect([...cameBack].sort()).toEqual(["changes", "logits", "odds", "pixels", "said"]);
    },
    PATIENCE,
  );

  it(
    "goes back in a conversation by cutting the cache on the device",
    async () => {
      const talk = async (model: UniPic) => {
        const chat = model.chat({ remember: "conversation", answering: { maxTokens: 3, temperature: 1 } });
        const texts = [(await chat.ask("what?")).text];
        texts.push((await chat.ask("why?")).text);
        await chat.undo();
        texts.push((await chat.ask("why?")).text);
        chat.release();
        return texts;
      };
      const [first, second, again] = await talk(gpu);
      expect(again).toBe(second);
      expect([first, second]).toEqual((await talk(cpu)).slice(0, 2));
      expect([...cameBack].sort()).toEqual(["changes", "logits", "odds", "pixels", "said"]);
    },
    PATIENCE,
  );

  it(
    "lays out prompts, changes things and puts them in their places as the processor does",
    async () => {
      const config = { ...tinyChangingConfig, layouts: true };
      const grid: Grid = [2, 2];
      const [hidden, patches] = [config.llm.hidden_size, patchSide(config.siglip2) ** 2];
      const feeds = {
        embeddings: normals([1, 7, hidden], 1),
        drawn: levels([1, 3, 16, 16], 2),
        source: levels([1, 3, 16, 16], 3),
        vision: normals([1, patches, hidden], 4),
        thing: hostArray("float32", [1, 7], [0, 1, 1, 0, 0, 0, 0]),
        share: hostArray(
          "float32",
          [1, 1, 16, 16],
          Array.from({ length: 256 }, (_, pixel) => (pixel % 3) / 2),
        ),
        color: hostArray("float32", [1, 7], [0, 0, 0, 0, 0, 1, 0]),
      };
      const traced = [
        ...layoutPrograms(config, grid),
        traceTellChanges(config),
        traceChange(config, grid),
        traceClear(config, grid, "changes.clear"),
        tracePose(config, grid),
        traceLook(config, grid),
        tracePlace(config, grid),
      ];
      for (const { outputs, parameters } of traced) {
        const weights = [...parameters].map(([name, { shape }], i) => {
          const { data } = normals(shape as number[], 10 + i);
          // So large that numbers neither grow nor vanish from layer to layer: rounding shows in what comes of large ones.
          const spread = Math.sqrt(data.length / (shape[0] as number));
          return [
            name,
            hostArray(
              "float32",
              shape as number[],
              (data as Float32Array).map((value) => value / Math.max(2, spread)),
            ),
          ];
        });
        await sameOnBoth(outputs, { ...feeds, ...Object.fromEntries(weights) });
      }
    },
    PATIENCE,
  );

  it(
    "has the official autoencoder as the processor has it",
    async () => {
      const config: KlVaeConfig = { embed_dim: 3, ch: 32, ch_mult: [1, 2] };
      const scope = Scope.root();
      const outputs = {
        moments: encodeMoments(scope, config, input("pixels", "float32", [1, 3, 8, 8])),
        decoded: decodeLatents(scope, config, input("latents", "float32", [1, 3, 4, 4])),
      };
      const feeds = { ...startWeights(scope, 1), pixels: normals([1, 3, 8, 8], 2), latents: normals([1, 3, 4, 4], 3) };
      await sameOnBoth(outputs, feeds);
    },
    PATIENCE,
  );
});
