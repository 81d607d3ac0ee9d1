/** Artists for tests: they know the tasks, and draw from the scenes instead of the words. */
import type { Scene } from "../../src/data/index.ts";
import { describe as inWords } from "../../src/data/index.ts";
import type { Artist } from "../../src/evaluation/artist.ts";
import { drawPictures } from "../../src/evaluation/ceiling.ts";
import { planDescriptions, planEdits, planPrompts } from "../../src/evaluation/tasks.ts";

const SIZE = 64;

/** Draws what `choose` gives: the scene asked for, or another one out of all that are asked for. */
export function sceneArtist(
  seed: number,
  counts: { prompts: number; descriptions: number; edits: number },
  choose: (scenes: readonly Scene[], index: number) => Scene,
): Artist {
  const drawn = (scenes: readonly Scene[]) =>
    drawPictures(
      scenes.map((_, i) => choose(scenes, i)),
      SIZE,
    );
  const prompts = drawn(planPrompts(seed, counts.prompts).map(({ scene }) => scene));
  const edits = (["color", "background"] as const).flatMap((kind) =>
    drawn(planEdits(seed, kind, counts.edits).map(({ scene }) => scene)),
  );
  const described = planDescriptions(seed, counts.descriptions);
  const texts = described.map((_, i) => inWords(choose(described, i)));
  return {
    generate: async (given) => prompts.splice(0, given.length),
    edit: async (given) => edits.splice(0, given.length),
    describe: async (given) => texts.splice(0, given.length),
  };
}
