import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import { type HostArray, hostArray, input, type Tensor } from "../../src/tensor/index.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { traceJointLoss } from "../../src/training/joint-program.ts";
import { isForMuon, MUON, muon, orthogonalized } from "../../src/training/muon.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { averagedWeights, TrainingProgram, type TrainingState } from "../../src/training/training-program.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const device = { device: "cpu", threads: 1 } as const;

async function compute(outputs: Record<string, Tensor>, feeds: Record<string, HostArray>) {
  const program = await Program.compile(nodeEngine, outputs, { fused: false, parameters: () => undefined }, device);
  const results = await program.run(feeds);
  await program.release();
  return results;
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** Some rows of unit length at right angles to each other. */
function orthonormalRows(count: number, length: number, random: Random): number[][] {
  const rows: number[][] = [];
  while (rows.length < count) {
    let row = [...random.normals(length)];
    for (const other of rows) {
      const share = dot(row, other);
      row = row.map((value, i) => value - share * other[i]);
    }
    const norm = Math.sqrt(dot(row, row));
    rows.push(row.map((value) => value / norm));
  }
  return rows;
}

describe("orthogonalized", () => {
  const random = new Random(5);
  const strengths = [40, 30, 20, 10, 4, 2];
  const left = orthonormalRows(6, 6, random);
  const right = orthonormalRows(6, 10, random);
  /** The sum of the outer products of `left` and `right`, each as strong as said: [6, 10], or transposed. */
  const wide = Array.from({ length: 60 }, (_, at) =>
    strengths.reduce((sum, strength, k) => sum + strength * left[k][Math.floor(at / 10)] * right[k][at % 10], 0),
  );
  const tall = Array.from({ length: 60 }, (_, at) => wide[(at % 6) * 10 + Math.floor(at / 6)]);

  it("brings singular values near one and keeps singular vectors", async () => {
    const x = input("x", "float32", [6, 10]);
    const { y } = await compute({ y: orthogonalized(x, 5) }, { x: hostArray("float32", [6, 10], wide) });
    const values = [...(y.data as Float32Array)];
    const between = (a: number, b: number) =>
      left[a].reduce((sum, value, row) => sum + value * dot(values.slice(row * 10, row * 10 + 10), right[b]), 0);
    for (let a = 0; a < 6; a++) {
      for (let b = 0; b < 6; b++) {
        if (a !== b) expect(Math.abs(between(a, b))).toBeLessThan(1e-4);
        else expect(Math.abs(between(a, a) - 0.95)).toBeLessThan(0.3);
      }
    }
  });

  it("treats a matrix and its transpose alike", async () => {
    const [x, xt] = [input("x", "float32", [6, 10]), input("xt", "float32", [10, 6])];
    const { y, yt } = await compute(
      { y: orthogonalized(x, 5), yt: orthogonalized(xt, 5) },
      { x: hostArray("float32", [6, 10], wide), xt: hostArray("float32", [10, 6], tall) },
    );
    for (let at = 0; at < 60; at++) {
      expect(Number(yt.data[at])).toBeCloseTo(Number(y.data[(at % 6) * 10 + Math.floor(at / 6)]), 4);
    }
  });
});

describe("a step of Muon", () => {
  const step = async (gradient: Float32Array, weightDecay = 0, shape = [24, 64]) => {
    const [parameter, moment1, slope] = ["parameter", "moment1", "slope"].map((name) => input(name, "float32", shape));
    const rate = input("rate", "float32", []);
    const after = muon({ parameter, moment1 }, slope, rate, MUON, weightDecay);
    const ones = new Float32Array(24 * 64).fill(1);
    const results = await compute(
      { stepped: after.parameter },
      {
        parameter: hostArray("float32", shape, ones),
        moment1: hostArray("float32", shape, new Float32Array(24 * 64)),
        slope: hostArray("float32", shape, gradient),
        rate: hostArray("float32", [], [0.01]),
      },
    );
    return results.stepped.data as Float32Array;
  };
  const gradient = new Random(3).normals(24 * 64);

  it("is as long as AdamW's usual one, however long the gradient is", async () => {
    const [once, thousand] = [await step(gradient), await step(gradient.map((value) => 1000 * value))];
    const size = Math.sqrt(once.reduce((sum, value) => sum + (1 - value) ** 2, 0) / once.length);
    // 24 of 64 directions are full, each of length 0.7 to 1.2.
    expect(size / 0.01).toBeGreaterThan(0.2 * 0.6);
    expect(size / 0.01).toBeLessThan(0.2 * 1.2);
    for (const [at, value] of once.entries()) expect(thousand[at]).toBeCloseTo(value, 5);
    expect(once.reduce((sum, value, at) => sum + (1 - value) * gradient[at], 0)).toBeGreaterThan(0);
  });

  it("takes a kernel for the matrix that its patches are multiplied by", async () => {
    expect(await step(gradient, 0.5, [24, 16, 2, 2])).toEqual(await step(gradient, 0.5));
  });

  it("decays the weight apart from the gradient", async () => {
    const [plain, decayed] = [await step(gradient), await step(gradient, 0.5)];
    for (const [at, value] of plain.entries()) expect(decayed[at]).toBeCloseTo(value - 0.01 * 0.5, 6);
  });
});

describe("training with Muon", () => {
  const { model, stages, seed } = tinyPlan(1);
  const tokenizer = tinyTokenizer("a red car", "a blue apple", "What color is the car?");

  async function build(isMuon: boolean, initial?: Partial<TrainingState>) {
    const { root, total, losses } = traceJointLoss(model, stages[0]);
    const options = {
      optimizer: ADAMW,
      muon: isMuon ? MUON : undefined,
      ema: 0.9,
      trains: (name: string) => !name.startsWith("vae."),
    };
    const random = new Random(1);
    return TrainingProgram.build(nodeEngine, device, root, total, losses, options, random, initial);
  }
  const run = async (program: TrainingProgram, from: number, to: number) => {
    const totals: number[] = [];
    for (let step = from; step < to; step++) {
      totals.push((await program.step(makeBatch(model, tokenizer, stages[0], seed, step), 0.004)).total);
    }
    return totals;
  };

  it("learns, keeps second moments for AdamW's part alone, and goes on bit for bit", async () => {
    const whole = await build(true);
    const totals = await run(whole, 0, 40);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(totals.slice(-5))).toBeLessThan(0.8 * mean(totals.slice(0, 5)));
    const wanted = await whole.state();
    for (const [name, { shape }] of wanted.moment1) expect(wanted.moment2.has(name)).toBe(!isForMuon(name, shape));
    expect(wanted.moment2.size).toBeGreaterThan(0);
    expect(wanted.moment2.size).toBeLessThan(wanted.moment1.size);

    const first = await build(true);
    await run(first, 0, 25);
    const second = await build(true, await first.state());
    await run(second, 25, 40);
    const got = await second.state();
    for (const group of ["parameters", "moment1", "moment2", "average"] as const) {
      expect([...got[group]!.keys()].sort()).toEqual([...wanted[group]!.keys()].sort());
      for (const [name, { data }] of wanted[group]!) expect(got[group]!.get(name)!.data).toEqual(data);
    }
    await Promise.all([whole, first, second].map((program) => program.release()));
  });

  it("hands over to AdamW, which begins with new moments, and takes over from it", async () => {
    const before = await build(true);
    await run(before, 0, 3);
    const state = await before.state();
    const after = await build(false, state);
    const begun = await after.state();
    expect([...begun.moment2.keys()].sort()).toEqual([...begun.moment1.keys()].sort());
    for (const [name, { data }] of begun.moment1) {
      const had = state.moment2.has(name);
      expect(data).toEqual(had ? state.moment1.get(name)!.data : new Float32Array(data.length));
    }
    await run(after, 3, 5);
    const back = await build(true, await after.state());
    expect((await back.state()).moment2.size).toBe(state.moment2.size);
    const [last] = await run(back, 5, 6);
    expect(Number.isFinite(last)).toBe(true);
    expect(averagedWeights(await back.state()).size).toBeGreaterThan(0);
    await Promise.all([before, after, back].map((program) => program.release()));
  });
});

it("is for matrices between layers, not for tables and outputs", () => {
  expect(isForMuon("llm.model.layers.0.mlp.up_proj.weight", [64, 32])).toBe(true);
  expect(isForMuon("mar.diffloss.net.res_blocks.0.mlp.0.weight", [32, 32])).toBe(true);
  expect(isForMuon("changes.find.block.0.conv1.weight", [64, 64, 3, 3])).toBe(true);
  expect(isForMuon("llm.model.norm.weight", [32])).toBe(false);
  expect(isForMuon("mar.fake_latent", [1, 32])).toBe(false);
  expect(isForMuon("llm.model.embed_tokens.weight", [320, 32])).toBe(false);
  expect(isForMuon("siglip2.vision_model.embeddings.position_embedding.weight", [4, 32])).toBe(false);
  expect(isForMuon("siglip2.vision_model.embeddings.patch_embedding.weight", [32, 3, 16, 16])).toBe(false);
  expect(isForMuon("mar.diffloss.net.final_layer.linear.weight", [16, 32])).toBe(false);
  for (const last of ["whole", "pixel.4"]) {
    expect(isForMuon(`changes.find.${last}.weight`, [64, 32])).toBe(false);
  }
  expect(isForMuon("changes.find.place", [16, 32])).toBe(false);
  expect(isForMuon("changes.where.vote.weight", [20, 96])).toBe(false);
  expect(isForMuon("changes.where.block.0.conv1.weight", [96, 96, 3, 3])).toBe(true);
});
