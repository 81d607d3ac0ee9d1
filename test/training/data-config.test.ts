import { describe, expect, it } from "vitest";
import { parseData } from "../../src/training/data-config.ts";
import { parseTrainConfig } from "../../src/training/train-config.ts";
import { tinyPlan } from "./tiny-plan.ts";

const pictures = { path: "pictures" };

describe("a data entry", () => {
  it("has sensible defaults", () => {
    expect(parseData({ sources: [pictures, { world: true, weight: 3 }] }, "data")).toEqual({
      sources: [
        { path: "pictures", weight: 1, tasks: undefined },
        { path: undefined, weight: 3, tasks: undefined },
      ],
      shuffle: 1000,
      latents: false,
      longestText: 128,
      threads: undefined,
    });
  });

  it.each([
    [[], "data is not an object."],
    [{}, 'data: "sources" must be a list with at least one source'],
    [{ sources: [] }, 'data: "sources" must be a list with at least one source'],
    [{ sources: [pictures], shufle: 3 }, 'data has an unknown entry "shufle"; there are sources, shuffle'],
    [{ sources: [pictures], shuffle: 0 }, 'data: "shuffle" must be a whole number from 1 to 1000000, not 0.'],
    [{ sources: [pictures], latents: 1 }, 'data: "latents" must be true or false, not 1.'],
    [{ sources: [{}] }, 'data: source 1 must have either "path"'],
    [{ sources: [{ path: "a", world: true }] }, 'data: source 1 must have either "path"'],
    [{ sources: [{ path: 5 }] }, 'data: source 1: "path" must name a folder'],
    [{ sources: [{ ...pictures, weight: 0 }] }, 'data: source 1: "weight" must be a number above 0, not 0.'],
    [{ sources: [{ ...pictures, tasks: ["draw"] }] }, 'data: source 1: "tasks" must be a list of generation'],
    [{ sources: [pictures, pictures] }, 'data: "pictures" is a source twice'],
    [
      { sources: [pictures, { world: true }], latents: true },
      "data: the picture world is drawn on the fly and has no latents",
    ],
  ])("%# is refused with a sentence", (entry, sentence) => {
    expect(() => parseData(entry, "data")).toThrow(sentence);
  });

  it("of the whole plan is every stage's that has none of its own", () => {
    const scenes = { tasks: ["colors"], objects: ["car"], styles: ["emoji"], backgrounds: ["plain"] };
    const stage = { steps: 1, batch: { generation: 1 }, learningRate: 0.001, scenes };
    const own = { ...stage, data: { sources: [{ world: true }], latents: false } };
    const plan = parseTrainConfig(
      { data: { sources: [pictures], latents: true }, vae: { scenes }, stages: [stage, own] },
      "plan",
    );
    expect(plan.stages[0].data).toBe(plan.data);
    expect(plan.stages[1].data!.sources).toEqual([{ path: undefined, weight: 1, tasks: undefined }]);
    expect(tinyPlan(1).stages[0].data).toBeUndefined();
  });
});
