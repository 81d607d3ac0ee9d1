import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GENEVAL_TAGS, planScene, type Scene } from "../../../src/data/index.ts";
import { ratesTables } from "../../../src/evaluation/detector/card.ts";
import { Detector } from "../../../src/evaluation/detector/detector.ts";
import { FAULTS, measureReader, wantedOf, wrongScene } from "../../../src/evaluation/detector/measure.ts";
import { faultOf } from "../../../src/evaluation/geneval.ts";
import { drawPictures } from "../../../src/evaluation/renders.ts";
import { textTable } from "../../../src/evaluation/report.ts";
import { sightingOf } from "../../../src/evaluation/sighting.ts";
import { Random } from "../../../src/random.ts";

const random = new Random(14);
const scenes = GENEVAL_TAGS.flatMap((tag) =>
  Array.from({ length: 15 }, (): Scene => planScene(random, { tasks: [tag], heldOut: "any" })),
);

describe("wrong scenes", () => {
  it("lack what was wanted, and right ones do not", () => {
    for (const scene of scenes) {
      const wanted = wantedOf(scene);
      expect(faultOf(sightingOf(scene), wanted)).toBeUndefined();
      for (const fault of FAULTS) {
        const wrong = wrongScene(random, wanted, fault);
        if (wrong) expect(faultOf(sightingOf(wrong), wanted), fault).toBeDefined();
      }
    }
  });

  it("are there for every fault that a prompt can have", () => {
    const faultsOf = (tag: string) => {
      const wanted = wantedOf(scenes.find(({ task }) => task === tag)!);
      return FAULTS.filter((fault) => wrongScene(random, wanted, fault) !== undefined);
    };
    expect(faultsOf("single_object")).toEqual(["another object"]);
    expect(faultsOf("counting")).toEqual(["another object", "one more or less"]);
    expect(faultsOf("position")).toEqual(["another object", "a missing object", "another relation"]);
    expect(faultsOf("color_attr")).toEqual(["another object", "a missing object", "another color", "swapped colors"]);
  });
});

describe("the reader that ships", () => {
  let reader: Detector;
  beforeAll(async () => {
    reader = await Detector.load(undefined, { threads: 1 });
  });
  afterAll(() => reader.release());

  it("passes right renders and fails wrong ones about as often as its card says, at any size", async () => {
    for (const size of [64, 128]) {
      const [rates] = await measureReader(reader, { seed: 3, scenes: 40, size });
      const right = Object.values(rates.right).reduce((sum, { mean }) => sum + mean, 0) / 6;
      expect(right).toBeGreaterThan(0.92);
      for (const { mean } of Object.values(rates.falsePasses)) expect(mean).toBeLessThan(0.08);
      expect(rates.background.mean).toBeGreaterThan(0.97);
      expect(ratesTables([rates], textTable)).toMatch(/right, and passes +single_object/);
    }
  });

  it("sees nothing in pictures of nothing", async () => {
    const empty = scenes.slice(0, 40).map((scene) => ({ ...scene, objects: [] }));
    const seen = await reader.look(drawPictures(empty, 64));
    expect(seen.filter(({ objects }) => objects.length > 0).length).toBeLessThan(3);
  });
});
