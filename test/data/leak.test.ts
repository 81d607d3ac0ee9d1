/**
 * What is held out is in no training sample: a million are drawn in every way that training draws them, as plans without pixels, and read
 * by a second reading of the split.
 */
import { readFileSync } from "node:fs";
import { expect, describe as group, it } from "vitest";
import {
  askQuestion,
  caption,
  describe,
  GENEVAL_PROMPTS,
  isGenEvalPrompt,
  isHeldOut,
  type PlanOptions,
  planEdit,
  planScene,
  type Scene,
  TASKS,
  tellScene,
} from "../../src/data/index.ts";
import { Random } from "../../src/random.ts";
import type { StageConfig } from "../../src/training/stage.ts";
import { parseTrainConfig } from "../../src/training/train-config.ts";
import { manyScenes } from "./scenes.ts";
import { isHeldOutKey, isPrompt, said, shown } from "./split.ts";

/** What one training sample shows and says. */
interface Drawn {
  scenes: Scene[];
  texts: string[];
}
type Draw = (random: Random) => Drawn;

const captioned = (options: PlanOptions): Draw => {
  return (random) => {
    const scene = planScene(random, options);
    return { scenes: [scene], texts: [caption(random, scene)] };
  };
};
const described = (options: PlanOptions): Draw => {
  return (random) => {
    const scene = planScene(random, options);
    return { scenes: [scene], texts: [describe(scene, { background: random.chance(0.3) })] };
  };
};
const asked = (options: PlanOptions, questions?: Parameters<typeof askQuestion>[2]): Draw => {
  return (random) => {
    const scene = planScene(random, options);
    const { question, answer } = askQuestion(random, scene, questions);
    return { scenes: [scene], texts: [question, answer] };
  };
};
const laidOut = (options: Parameters<typeof tellScene>[1]): Draw => {
  return (random) => {
    const { scene, text } = tellScene(random, options);
    return { scenes: [scene], texts: [text] };
  };
};
const edited = (options: Parameters<typeof planEdit>[1]): Draw => {
  return (random) => {
    const { source, target, instruction } = planEdit(random, options);
    return { scenes: [source, target], texts: [instruction] };
  };
};
/** What a sample shows or says that is held out, with the text in which it stands. */
function leaksOf({ scenes, texts }: Drawn): string[] {
  return [
    ...scenes.flatMap((scene) => shown(scene).filter(isHeldOutKey)),
    ...texts.flatMap((text) =>
      said(text)
        .filter(isHeldOutKey)
        .map((key) => `${key}: "${text}"`),
    ),
    ...texts.filter(isPrompt),
  ];
}

/** Draws so many samples and gives what leaks, some of it at most. */
function drawMany(seed: number, count: number, draw: Draw): string[] {
  const random = new Random(seed);
  const leaks = new Set<string>();
  for (let i = 0; i < count && leaks.size < 20; i++) for (const leak of leaksOf(draw(random))) leaks.add(leak);
  return [...leaks];
}

const PLAN = "configs/unipic-mini.json";
const { stages } = parseTrainConfig(JSON.parse(readFileSync(PLAN, "utf8")), PLAN);

/** What a stage learns from, with how large a part of the million each kind is to be: edits take longest to draw up. */
function samplesOf({ name, batch, scenes, seen, edits, questions }: StageConfig): [string, number, Draw][] {
  const looks = { ...scenes, ...seen };
  const kinds: [string, number, number, Draw][] = [
    ["captions", batch.generation, 6, captioned(scenes)],
    ["descriptions", batch.contrast + batch.grounding, 6, described(looks)],
    ["questions", batch.understanding, 5, asked(looks, questions)],
    ["layouts", batch.layout, 2, laidOut(looks)],
    ["edits", batch.editing + batch.changing, 1, edited({ ...scenes, ...edits })],
  ];
  return kinds.flatMap(([kind, size, part, draw]) => (size > 0 ? [[`${kind} of stage "${name}"`, part, draw]] : []));
}

const ofStages = stages.flatMap(samplesOf);
const parts = ofStages.reduce((sum, [, part]) => sum + part, 0);
const simple = TASKS.filter((task) => task !== "dense");

/** A million samples: of what the shipped plans learn from, and of the whole world. */
const SAMPLES: readonly (readonly [name: string, count: number, draw: Draw])[] = [
  ...ofStages.map(([name, part, draw]) => [name, Math.ceil((750_000 * part) / parts), draw] as const),
  ["captions of the whole world", 90_000, captioned({ tasks: simple, rainbow: 0.3 })],
  ["descriptions of the whole world", 42_000, described({ tasks: simple, rainbow: 0.3 })],
  ["questions about the whole world", 100_000, asked({ tasks: simple, rainbow: 0.3 })],
  ["captions of many things at once", 4_000, captioned({ tasks: ["dense"] })],
  ["questions about many things at once", 4_000, asked({ tasks: ["dense"] })],
  ["many things told one by one", 4_000, laidOut({ tasks: ["dense"] })],
  ["edits of every type", 10_000, edited({ rainbow: 0.3 })],
];

group("a million training samples", () => {
  it("are a million", () => {
    expect(SAMPLES.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThanOrEqual(1_000_000);
  });

  it.each(SAMPLES)("show and say nothing held out: %s, %d", { timeout: 1_800_000 }, (name, count, draw) => {
    expect(drawMany(count + name.length, count, draw)).toEqual([]);
  });
});

group("the reading of the split", () => {
  it("finds what leaks where nothing is held out, in every way that training draws", () => {
    const anything = { tasks: simple, heldOut: "any" } as const;
    const leaky: Draw[] = [captioned(anything), described(anything), asked(anything), edited({ heldOut: "any" })];
    for (const [i, draw] of leaky.entries()) expect(drawMany(i, 2000, draw).length).toBeGreaterThanOrEqual(20);
    const kinds = manyScenes(60, 3000, { heldOut: "any" }).flatMap((scene) => shown(scene).filter(isHeldOutKey));
    for (const sort of [/^[a-z]+ (?!and)/, /^\d /, / and /, / left of /, / above /]) {
      expect(kinds.some((key) => sort.test(key))).toBe(true);
    }
  });

  it("agrees with the code's own on any scene", () => {
    for (const heldOut of ["any", "only", "exclude"] as const) {
      for (const scene of manyScenes(61, 1000, { heldOut }))
        expect(shown(scene).some(isHeldOutKey)).toBe(isHeldOut(scene));
    }
  });

  it("reads texts", () => {
    expect(said("Is there a white teddy bear?")).toEqual(["white teddy bear"]);
    expect(said("a photo of an orange orange in front of a white wall")).toEqual(["orange orange"]);
    expect(said("draw three black sheep on a blue background")).toEqual(["black sheep", "3 sheep"]);
    expect(said("There are four knives.")).toEqual(["4 knife"]);
    expect(said("Is the car to the right of the teddy bear?")).toEqual(["teddy bear left of car"]);
    expect(said("a pair of red skis below a hot dog")).toEqual(["red skis", "hot dog above skis"]);
    expect(said("Add a cat above the red cup.")).toEqual(["red cup", "cat above cup"]);
    expect(said("a red to orange gradient background")).toEqual([]);
  });

  it("knows GenEval's prompts in its spelling and in this project's, as the code does", () => {
    const ours = [
      "a photo of four benches",
      "A photo of three people.",
      "a photo of a pair of scissors",
      "a photo of a laptop to the left of a cow",
    ];
    for (const text of [...ours, ...GENEVAL_PROMPTS.map(({ prompt }) => prompt)]) {
      expect([isPrompt(text), isGenEvalPrompt(text)], text).toEqual([true, true]);
    }
    for (const text of [
      "a photo of a bench on the grass",
      "a picture of a bench",
      "a photo of four benches in the snow",
    ]) {
      expect([isPrompt(text), isGenEvalPrompt(text)], text).toEqual([false, false]);
    }
  });
});
