import { describe, expect, it } from "vitest";
import { boxOf, planScene, type Scene } from "../../src/data/index.ts";
import { patchSide } from "../../src/models/config.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { groundingInputs, objectsByPatch } from "../../src/training/grounding-inputs.ts";
import { groundingTask } from "../../src/training/grounding-loss.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { TrainingProgram } from "../../src/training/training-program.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const BATCH = 8;
const { model, stages, seed } = tinyPlan(10);
const tokenizer = tinyTokenizer("a picture of a red car", "a blue apple on the grass", "on the left, at the top right");
const stage = { ...stages[0], batch: { ...NO_SAMPLES, grounding: BATCH } };
const batch = (step: number) => makeBatch(model, tokenizer, stage, seed, step);
const patches = patchSide(model.siglip2) ** 2;

async function program() {
  const root = Scope.root();
  const total = groundingTask(root, model, BATCH);
  const device = { device: "cpu", threads: 1 } as const;
  return TrainingProgram.build(
    nodeEngine,
    device,
    root,
    total,
    { grounding: total },
    { optimizer: { ...ADAMW, weightDecay: 0 }, trains: () => true },
    new Random(1),
  );
}

describe("groundingLoss", () => {
  it("is the cross entropy of the words by their cosines, where all patches say the same", async () => {
    const built = await program();
    const { parameters } = await built.state();
    const values = (name: string) => parameters.get(name)!.data as Float32Array;
    const width = model.llm.hidden_size;
    const last = [...parameters.keys()].filter((name) => /^siglip2_proj\..*(weight|bias)$/.test(name)).slice(-2);
    // The projection gives every patch one vector, of which the length does not matter; words have known cosines with it.
    for (const name of last) values(name).fill(0);
    values(last.find((name) => name.endsWith("bias"))!).set([3]);
    const table = values("llm.model.embed_tokens.weight");
    const cosines = Array.from({ length: model.llm.vocab_size }, (_, id) => Math.cos(id));
    cosines.forEach((cosine, id) => {
      table.fill(0, id * width, (id + 1) * width).set([2 * cosine, 2 * Math.sin(id)], id * width);
    });
    const words = new Float32Array(3 * model.llm.vocab_size);
    words.set([0.5, 0, 0.5]); // a thing of two words, 0 and 2
    words[model.llm.vocab_size + 1] = 1; // another of one
    words[2 * model.llm.vocab_size + 3] = 1; // a place
    const count = BATCH * patches;
    const all = {
      ...batch(0),
      "grounding.words": hostArray("float32", [3, model.llm.vocab_size], words),
      "grounding.things": hostArray(
        "int64",
        [count],
        Array.from({ length: count }, (_, i) => i % 2),
      ),
      "grounding.places": hostArray(
        "int64",
        [count],
        Array.from({ length: count }, (_, i) => (i % 2 ? 1 : 2)), // the other stands nowhere
      ),
      "grounding.weights": hostArray(
        "float32",
        [count],
        Float32Array.from({ length: count }, (_, i) => (i % 2 ? 0.5 : 1)),
      ),
    };
    const logSum = Math.log(cosines.reduce((sum, cosine) => sum + Math.exp(20 * cosine), 0));
    const nats = (id: number) => logSum - 20 * cosines[id];
    const { grounding } = await built.step(all, 0);
    expect(grounding).toBeCloseTo((0.7 * ((nats(0) + nats(2)) / 2) + 0.3 * nats(3) + 0.5 * nats(1)) / 1.5, 3);
    await built.release();
  });

  it("falls as the tower learns what stands where, and leaves the words as they are", async () => {
    const built = await program();
    const embeddings = async () => Array.from((await built.state()).parameters.get(TABLE)!.data as Float32Array);
    const TABLE = "llm.model.embed_tokens.weight";
    const before = await embeddings();
    const losses: number[] = [];
    for (let step = 0; step < 120; step++) losses.push((await built.step(batch(step), 3e-3)).grounding);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(losses.slice(-10))).toBeLessThan(0.5 * mean(losses.slice(0, 10)));
    expect(await embeddings()).toEqual(before);
    await built.release();
  });
});

const scene = (objects: Partial<Scene["objects"][number]>[]): Scene => {
  const whole = planScene(new Random(2), stage.scenes);
  return { ...whole, objects: objects.map((object) => ({ ...whole.objects[0], ...object })) };
};

describe("groundingInputs", () => {
  it("gives each patch whose centre lies in an object's box that object", () => {
    const [object] = scene([{ size: 0.5, x: 0.25, y: 0.75 }]).objects;
    const { left, right, top, bottom } = boxOf(object);
    const found = objectsByPatch(scene([object]), 8);
    found.forEach((shown, i) => {
      const [x, y] = [((i % 8) + 0.5) / 8, (Math.floor(i / 8) + 0.5) / 8];
      expect(shown !== undefined, `${x}, ${y}`).toBe(x >= left && x <= right && y >= top && y <= bottom);
    });
    expect(found.some((shown) => shown !== undefined)).toBe(true);
  });

  it("is drawn at the tower's size, and told patch by patch", () => {
    const { image_size: side } = model.siglip2;
    expect(batch(0)["grounding.pixels"].shape).toEqual([BATCH, 3, side, side]);
    expect(batch(0)["grounding.things"].shape).toEqual([BATCH * patches]);
  });

  it("gives an object that covers no patch's centre the patch that holds its own", () => {
    const found = objectsByPatch(scene([{ size: 0.05, x: 0.26, y: 0.99 }]), 4);
    expect(found.flatMap((shown, i) => (shown ? [i] : []))).toEqual([13]);
  });

  it("says the words of colour and name in equal parts, those of the place apart, and the background's elsewhere, for less", () => {
    const objects = [
      { name: "car", color: "red" as const, size: 0.4, x: 0.25, y: 0.5 },
      { name: "apple", color: null, size: 0.4, x: 0.75, y: 0.25 },
    ];
    const shown = scene(objects);
    const { words, things, places, weights } = groundingInputs(
      model.llm.vocab_size,
      tokenizer,
      [shown, shown],
      Math.sqrt(patches),
    );
    const row = (thing: bigint) => {
      const from = Number(thing) * model.llm.vocab_size;
      return Array.from((words.data as Float32Array).subarray(from, from + model.llm.vocab_size));
    };
    const standing = objectsByPatch(shown, Math.sqrt(patches));
    const inEqualParts = (phrase: string) => {
      const ids = tokenizer.encode(phrase);
      const row = new Float32Array(model.llm.vocab_size);
      for (const id of ids) row[id] += 1 / ids.length;
      return Array.from(row);
    };
    const said = Array.from(things.data as BigInt64Array);
    expect(said).toHaveLength(2 * patches);
    for (const [i, thing] of said.entries()) {
      const object = standing[i % patches];
      expect(row(thing).reduce((sum, share) => sum + share)).toBeCloseTo(1);
      expect((weights.data as Float32Array)[i]).toBeCloseTo(object ? 1 : 0.1);
      const place = (places.data as BigInt64Array)[i];
      if (!object) expect(place).toBe(thing);
      else {
        const isCar = object.name === "car";
        expect(row(thing)).toEqual(inEqualParts(isCar ? " red car" : " apple"));
        expect(row(place)).toEqual(inEqualParts(isCar ? " left" : " top right"));
      }
    }
    expect(new Set(said).size).toBe(3);
  });
});
