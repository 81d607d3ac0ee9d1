import { describe, expect, it } from "vitest";
import { describe as inWords } from "../../src/data/index.ts";
import { abilitiesIn, shownBy } from "../../src/evaluation/quick-scores.ts";
import { objects } from "../../src/evaluation/suites/objects.ts";
import { planChanges, planDescriptions, planPrompts } from "../../src/evaluation/suites/objects-tasks.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { preparedArtist } from "./suites/artists.ts";

describe("quick scores", () => {
  it("are the shares of what is drawn, described and edited right", async () => {
    const [seed, count] = [5, 16];
    const prompts = planPrompts(seed, count).map(({ scene }) => scene);
    const [colors, backgrounds] = (["color", "background"] as const).map((kind) => planChanges(seed, kind, count / 4));
    const { artist, oracle: reader } = preparedArtist({
      // The first four prompts get a picture of something else.
      drawn: prompts.map((scene, i) => (i < 4 ? prompts[(i + 8) % count] : scene)),
      said: planDescriptions(seed, count).map((scene, i) => (i < 8 ? "Nothing." : inWords(scene))),
      // Every change of colour is made, and no change of background.
      edited: [...colors.map(({ scene }) => scene), ...backgrounds.map(({ source }) => source)],
    });
    const { generation, understanding, editing } = abilitiesIn(
      (await objects.run({ artist, reader, seed, count })).result,
    );
    expect(generation).toMatchObject({ mean: 0.75, trials: 16 });
    expect(understanding).toMatchObject({ mean: 0.5, trials: 16 });
    expect(editing).toMatchObject({ mean: 0.5, trials: 8 });
    for (const { low, mean, high } of [generation, understanding, editing]) {
      expect(low).toBeLessThan(mean);
      expect(high).toBeGreaterThan(mean);
    }
  });

  it("ask for what the last stage that draws shows, held-out combinations among it", () => {
    const scenes = { objects: ["car"], sizes: [0.5, 0.6] as const, heldOut: "exclude" as const, rainbow: 0.5 };
    const draws = { scenes, batch: { ...NO_SAMPLES, generation: 1 } };
    const sees = { scenes: { objects: ["cat"] }, batch: { ...NO_SAMPLES, grounding: 1 } };
    const ownData = { ...sees, data: { sources: [{ path: "own", weight: 1 }] } } as unknown as typeof sees;
    const shown = { objects: ["car"], sizes: [0.5, 0.6] };
    expect(shownBy([draws])).toEqual(shown);
    expect(shownBy([sees, draws, sees])).toEqual(shown);
    expect(shownBy([sees, ownData])).toEqual({ objects: ["cat"] });
    expect(shownBy([ownData])).toBeUndefined();
  });
});
