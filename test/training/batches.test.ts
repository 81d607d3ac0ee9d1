import { describe, expect, it } from "vitest";
import type { HostArray } from "../../src/tensor/dtype.ts";
import { type Batch, makeBatch } from "../../src/training/batches.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { askedInputs } from "./asked-inputs.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const { model, stages, seed } = tinyPlan(10);
const [stage] = stages;
const tokenizer = tinyTokenizer("a red car", "a blue apple", "What color is the car?");
const batch = (step: number, from = seed) => makeBatch(model, tokenizer, stage, from, step);

describe("makeBatch", () => {
  it("depends on the seed and the step alone", () => {
    expect(batch(5)).toEqual(batch(5));
    expect(batch(5)["generation.pixels"]).not.toEqual(batch(6)["generation.pixels"]);
    expect(batch(5)["generation.pixels"]).not.toEqual(batch(5, seed + 1)["generation.pixels"]);
  });

  it("gives exactly the inputs that the stage's program asks for", () => {
    expect(Object.keys(batch(0)).sort()).toEqual(askedInputs(model, stage));
  });

  it("leaves out a task without samples", () => {
    const drawing = { ...stage, batch: { ...NO_SAMPLES, generation: 2 } };
    const names = Object.keys(makeBatch(model, tokenizer, drawing, seed, 0));
    expect(names.every((name) => name.startsWith("generation."))).toBe(true);
  });

  it("shows understanding other scenes than drawing where a stage says so", () => {
    const blank = { ...stage, scenes: { ...stage.scenes, colors: ["red" as const], tasks: ["colors" as const] } };
    const given = makeBatch(model, tokenizer, blank, seed, 0);
    const other = makeBatch(model, tokenizer, { ...blank, seen: { colors: ["blue"] } }, seed, 0);
    expect(other["generation.pixels"]).toEqual(given["generation.pixels"]);
    expect(other["understanding.pixels"]).not.toEqual(given["understanding.pixels"]);
  });

  it("asks some edits to repeat the picture, and gives those the source as target", () => {
    const edits = (repeats: number) => {
      const given = makeBatch(model, tokenizer, { ...stage, repeats }, seed, 0);
      const [wanted, source] = ["editing.pixels", "editing.source_pixels"].map(
        (name) => given[name].data as Float32Array,
      );
      const size = wanted.length / stage.batch.editing;
      return Array.from({ length: stage.batch.editing }, (_, i) => {
        const own = (pixels: Float32Array) => pixels.subarray(i * size, (i + 1) * size);
        return own(wanted).every((value, at) => value === own(source)[at]);
      });
    };
    expect(edits(1).every((same) => same)).toBe(true);
    expect(edits(0).some((same) => same)).toBe(false);
  });

  it("shows the vision tower the sources of edits, at its own size, where the model's edits have it", () => {
    const siglip2 = { ...model.siglip2, image_size: 48 };
    const seeing = { ...model, siglip2, editing_vision: true };
    const edits = { ...stage, batch: { ...NO_SAMPLES, editing: 3 } };
    const [blind, given] = [model, seeing].map((config) => makeBatch(config, tokenizer, edits, seed, 0));
    expect(Object.keys(blind)).not.toContain("editing.vision_pixels");
    expect(given["editing.source_pixels"]).toEqual(blind["editing.source_pixels"]);
    const { shape, data } = given["editing.vision_pixels"];
    expect(shape).toEqual([3, 3, 48, 48]);
    const mean = (pixels: HostArray["data"]) =>
      Array.from(pixels as Float32Array).reduce((a, b) => a + b, 0) / pixels.length;
    expect(mean(data)).toBeCloseTo(mean(given["editing.source_pixels"].data), 2);
    // As many image features more as there are patches.
    const images = (batch: Batch) =>
      Array.from(batch["editing.ids"].data as BigInt64Array, Number).filter((id) => id === tokenizer.tokenId("<image>"))
        .length / 3;
    expect(images(given)).toBe(images(blind) + 9);
    expect(Object.keys(given).sort()).toEqual(askedInputs(seeing, edits));
  });

  it("pairs each picture with its caption, and with those that say the same", () => {
    const pairing = { ...stage, batch: { ...NO_SAMPLES, contrast: 12 } };
    const given = makeBatch(model, tokenizer, pairing, seed, 0);
    expect(Object.keys(given).sort()).toEqual(["contrast.pairs", "contrast.pixels", "contrast.words"]);
    const words = given["contrast.words"].data as Float32Array;
    const row = (i: number) => words.subarray(i * model.llm.vocab_size, (i + 1) * model.llm.vocab_size).join();
    for (let i = 0; i < 12; i++) {
      for (let j = 0; j < 12; j++) {
        expect(given["contrast.pairs"].data[i * 12 + j]).toBe(row(i) === row(j) ? 1 : -1);
      }
    }
  });

  it("labels the answer and its end, each after the token before it", () => {
    const given = batch(2);
    const ids = Array.from(given["understanding.ids"].data as BigInt64Array);
    const rows = Array.from(given["understanding.rows"].data as BigInt64Array, Number);
    const labels = Array.from(given["understanding.labels"].data as BigInt64Array);
    expect(rows.map((row) => ids[row + 1])).toEqual(labels);
    const ends = labels.filter((label) => label === BigInt(tokenizer.tokenId("<|im_end|>")!));
    expect(ends).toHaveLength(stage.batch.understanding);
  });

  it("puts other words in the place of those that are read, and never of those that are said", () => {
    const given = batch(2);
    const made = makeBatch(model, tokenizer, { ...stage, wordDropout: 1 }, seed, 2);
    expect(made["understanding.labels"]).toEqual(given["understanding.labels"]);
    const ids = [made, given].map((each) => Array.from(each["understanding.ids"].data as BigInt64Array));
    const rows = Array.from(given["understanding.rows"].data as BigInt64Array, Number);
    const spoken = new Set(given["understanding.labels"].data as BigInt64Array);
    const changed = ids[0].flatMap((id, place) => (id === ids[1][place] ? [] : [place]));
    expect(changed.length).toBeGreaterThan(0);
    for (const place of changed) {
      expect(spoken.has(ids[0][place])).toBe(true);
      // It is a word of the answer, and the answer's next word is said after it.
      expect(rows).toContain(place - 1);
      expect(rows).toContain(place);
    }
  });

  it("leans towards strong noise by the shift, and not at all by 1", () => {
    const timesteps = (timestepShift: number) => {
      const given = makeBatch(model, tokenizer, { ...stage, timestepShift }, seed, 3);
      return Array.from(given["generation.timesteps"].data as BigInt64Array, Number);
    };
    const [uniform, shifted] = [timesteps(1), timesteps(3)];
    const wanted = uniform.map((t) => Math.round((999 * (3 * t)) / 999 / (1 + (2 * t) / 999)));
    expect(shifted).toEqual(wanted);
    expect(shifted.every((t, i) => t >= uniform[i] && t < 1000)).toBe(true);
    expect(new Set(uniform).size).toBeGreaterThan(2);
  });

  it("keeps pixels in [-1, 1] and noise near unit variance", () => {
    const given = batch(1);
    const pixels = given["generation.pixels"].data as Float32Array;
    expect(Math.max(...pixels)).toBeLessThanOrEqual(1);
    expect(Math.min(...pixels)).toBeGreaterThanOrEqual(-1);
    const noise = given["generation.noise"].data as Float32Array;
    const variance = noise.reduce((sum, value) => sum + value * value, 0) / noise.length;
    expect(variance).toBeGreaterThan(0.8);
    expect(variance).toBeLessThan(1.2);
  });
});
