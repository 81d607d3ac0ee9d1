import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { parseTrainConfig, readTrainConfig } from "../../src/training/train-config.ts";

const stage = { name: "only", steps: 10, batch: { generation: 4 }, learningRate: 1e-3 };
const parse = (changes: Record<string, unknown>) => parseTrainConfig({ stages: [stage], ...changes }, "plan.json");

describe("parseTrainConfig", () => {
  it("fills in defaults", () => {
    const plan = parse({});
    expect(plan.model.mar.img_size).toBe(64);
    expect(plan.stages[0]).toMatchObject({
      schedule: "cosine",
      weightDecay: 0.02,
      optimizer: "adamw",
      timestepShift: 1,
      sourceGradient: 0.1,
      batch: { ...NO_SAMPLES, generation: 4 },
      weights: {
        generation: 1,
        editing: 1,
        understanding: 0.01,
        contrast: 1,
        grounding: 1,
        layout: 1,
        changing: 1,
      },
      size: { generation: 64, understanding: 64 },
    });
    expect([plan.scoreEvery, plan.scoreTasks]).toEqual([1000, 48]);
    const off = parse({ checkpointEvery: 0, sampleEvery: 0, scoreEvery: 0 });
    expect([off.checkpointEvery, off.sampleEvery, off.scoreEvery]).toEqual([0, 0, 0]);
  });

  it("reads the configurations that ship", () => {
    const read = (path: string) =>
      parseTrainConfig(JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")), path);
    expect(read("configs/unipic-mini.json").stages.map(({ name }) => name)).toEqual([
      "draw one thing",
      "draw several",
      "draw two colors",
      "see",
      "answer",
      "see places",
      "answer on",
      "look closer",
      "all tasks",
      "lay out",
      "change",
      "change looks",
      "pose",
    ]);
    expect(read("configs/single-stage.json").stages).toHaveLength(1);
    const { stages } = read("configs/curriculum.json");
    expect(stages.map(({ name }) => name)).toEqual(["PT", "alignment", "CT", "SFT"]);
    expect(stages.map(({ size }) => size.generation)).toEqual([32, 64, 64, 64]);
  });

  it("reads a file, and names it where something is wrong", async () => {
    const path = join(import.meta.dirname, "../../configs/single-stage.json");
    expect((await readTrainConfig(path)).stages).toHaveLength(1);
    await expect(readTrainConfig(join(import.meta.dirname, "nothing.json"))).rejects.toThrow(/nothing\.json/);
  });

  it("takes lists of names as how often each is there", () => {
    const own = {
      ...stage,
      batch: { understanding: 1 },
      scenes: { tasks: { colors: 2, counting: 1 } },
      seen: { styles: { emoji: 1, flat: 2 } },
      questions: { kinds: { what: 2, "how many": 1 } },
    };
    const [read] = parse({ stages: [own] }).stages;
    expect(read.scenes.tasks).toEqual(["colors", "colors", "counting"]);
    expect(read.seen?.styles).toEqual(["emoji", "flat", "flat"]);
    expect(read.questions?.kinds).toEqual(["what", "what", "how many"]);
    for (const count of [0, 1.5, "2", 1e9]) {
      expect(() => parse({ stages: [{ ...stage, scenes: { tasks: { colors: count } } }] })).toThrow(
        /"scenes": "tasks" says how often each name is there, a whole number from 1 to 1000, not .* \("colors"\)/,
      );
    }
  });

  it("says how scenes are told", () => {
    const captions = { background: "never", sentences: false };
    const stages = [
      { ...stage, captions },
      { like: "only", name: "other", captions: { background: "always" } },
    ];
    expect(parse({ stages }).stages.map((read) => read.captions)).toEqual([
      captions,
      { background: "always", sentences: false },
    ]);
    const refuse = (wrong: object) => () => parse({ stages: [{ ...stage, captions: wrong }] });
    expect(refuse({ background: "often" })).toThrow(/"captions": "background" must be "always", "never" or/);
    expect(refuse({ sentences: 1 })).toThrow(/"captions": "sentences" must be true or false, not 1/);
    expect(refuse({ words: 3 })).toThrow(/"captions" has an unknown entry "words"/);
  });

  it("begins every stage's scenes with those of the run", () => {
    const own = { ...stage, name: "own", scenes: { jitter: 0, objects: ["bus"] } };
    const scenes = { tasks: ["colors"], objects: ["car"] };
    const { stages } = parse({ scenes, stages: [stage, own] });
    expect(stages.map(({ scenes }) => scenes)).toEqual([scenes, { tasks: ["colors"], objects: ["bus"], jitter: 0 }]);
  });

  it("gives a stage the entries of the one that it is like, its own first, and of what is merged its own from inside", () => {
    const first = { ...stage, edits: { types: ["add", "style"], jitter: 0.5 }, repeats: 0.3, freezes: ["siglip2."] };
    const second = { name: "second", like: "only", steps: 3, batch: { editing: 8 }, edits: { types: ["remove"] } };
    const third = { name: "third", like: "second", edits: { jitter: 0 } };
    const { stages } = parse({ stages: [first, second, third] });
    expect(stages[1]).toEqual({
      ...stages[0],
      name: "second",
      steps: 3,
      warmup: 0,
      batch: { ...NO_SAMPLES, editing: 8 },
      edits: { types: ["remove"], jitter: 0.5 },
    });
    expect(stages[2]).toEqual({ ...stages[1], name: "third", edits: { types: ["remove"], jitter: 0 } });
    expect(stages[0].edits).toEqual(first.edits);
    expect(parse({ stages: [first, { like: "only" }] }).stages[1].name).toBe("plan.json: stage 2");
  });

  it("takes what a stage's size leaves out from the model", () => {
    const { stages } = parse({ stages: [{ ...stage, size: { generation: 32 } }] });
    expect(stages[0].size).toEqual({ generation: 32, understanding: 64 });
  });

  it.each([
    [[], "not a JSON object"],
    [{ stage: [] }, 'unknown entry "stage"'],
    [{ stages: [] }, "at least one stage"],
    [{ stages: [{ ...stage, steps: -1 }] }, '"steps" must be a number'],
    [{ stages: [{ ...stage, steps: undefined }] }, '"steps" must be a number'],
    [{ stages: [{ ...stage, batch: {} }] }, "above 0 for at least one"],
    [{ stages: [{ ...stage, batch: { drawing: 3 } }] }, 'unknown entry "drawing"'],
    [{ stages: [{ ...stage, schedule: "linear" }] }, '"cosine" or "constant"'],
    [{ stages: [{ ...stage, optimizer: "sgd" }] }, '"adamw" or "muon"'],
    [{ stages: [stage], model: "unipic-huge" }, 'no preset "unipic-huge"'],
    [{ stages: [{ ...stage, warmpu: 3 }] }, 'unknown entry "warmpu"'],
    [
      { stages: [{ ...stage, like: "only" }] },
      'stage 1 is like "only", but no stage before it has that name: it is the first',
    ],
    [
      { stages: [stage, { like: "olny" }] },
      'stage 2 is like "olny", but no stage before it has that name: before it are only',
    ],
    [{ stages: [stage, { like: "only", batch: 3 }] }, '"batch" must be an object'],
    [{ stages: [stage, stage] }, 'stage 2 has the name of an earlier one, "only"'],
    [{ stages: [{ ...stage, batch: { generation: 1.5 } }] }, "whole number"],
    [{ stages: [{ ...stage, ema: 1 }] }, "below 1"],
    [{ stages: [{ ...stage, timestepShift: 0 }] }, "above 0"],
    [{ stages: [{ ...stage, trains: "mar." }] }, "patterns of parameter names"],
    [{ stages: [{ ...stage, freezes: [] }] }, '"freezes" must be a list of patterns'],
    [
      { stages: [{ ...stage, size: { generation: 40 } }] },
      `plan.json: stage 1: "size": "generation" must be a multiple of 16, as this model's tokens are 16 pixels a side: 48, say, not 40.`,
    ],
    [{ stages: [{ ...stage, size: { understanding: 3 } }] }, "patches are 8 pixels a side: 8, say, not 3."],
    [{ stages: [{ ...stage, size: { generation: 0 } }] }, "whole number of at least 1, not 0"],
    [{ stages: [{ ...stage, size: { generation: "large" } }] }, "must be a number of at least 0"],
    [{ stages: [{ ...stage, size: { generation: 8192 } }] }, "more than 256 tokens along a side"],
    [{ stages: [{ ...stage, size: { editing: 32 } }] }, 'unknown entry "editing"'],
    [{ stages: [{ ...stage, size: 32 }] }, '"size" must be an object'],
    [{ stages: [stage], scoreEvery: 0.5 }, '"scoreEvery" must be a whole number'],
    [{ stages: [stage], scoreTasks: 0 }, '"scoreTasks" must be a whole number of at least 1'],
    [{ stages: [{ ...stage, scenes: { objects: ["unicorn"] } }] }, "unicorn"],
    [{ stages: [{ ...stage, batch: { understanding: 1 }, questions: { kinds: ["why"] } }] }, 'no question "why"'],
    [{ stages: [stage], tokenizer: { samplse: 3 } }, 'unknown entry "samplse"'],
    [{ stages: [stage], vae: { steps: "many" } }, '"steps" must be a number'],
    [{ stages: [stage], vae: 3 }, '"vae" must be an object'],
  ])("says what is wrong with %j", (json, message) => {
    expect(() => parseTrainConfig(json, "plan.json")).toThrow(UserError);
    expect(() => parseTrainConfig(json, "plan.json")).toThrow(message);
  });
});
