/** Artists for tests: they know the tasks, and draw from scenes instead of words. */
import type { Scene } from "../../../src/data/index.ts";
import type { Artist } from "../../../src/evaluation/artist.ts";
import { drawPictures } from "../../../src/evaluation/renders.ts";
import { type Looker, type Sighting, sightingOf } from "../../../src/evaluation/sighting.ts";
import type { Picture } from "../../../src/image/index.ts";

export const SIDE = 64;

/** What an artist would do: scenes in the order in which they are asked for. */
export interface Answers {
  drawn?: readonly Scene[];
  edited?: readonly Scene[];
  said?: readonly string[];
}

/** Draws, edits and says what it is given, in that order; and a reader without error, of its pictures and of no others. */
export function preparedArtist({ drawn = [], edited = [], said = [] }: Answers): { artist: Artist; oracle: Looker } {
  const known = new WeakMap<Picture, Sighting>();
  const remember = (scenes: readonly Scene[]): Picture[] =>
    drawPictures(scenes, SIDE).map((picture, i) => {
      known.set(picture, sightingOf(scenes[i]));
      return picture;
    });
  const [toDraw, toEdit, toSay] = [drawn.slice(), edited.slice(), said.slice()];
  return {
    artist: {
      size: SIDE,
      sight: SIDE,
      generate: async (prompts) => remember(toDraw.splice(0, prompts.length)),
      edit: async (pictures) => remember(toEdit.splice(0, pictures.length)),
      describe: async (pictures) => toSay.splice(0, pictures.length),
    },
    oracle: { look: async (pictures) => pictures.map((picture) => known.get(picture) ?? EMPTY) },
  };
}

/** Of renders for the ceilings, of which the oracle knows nothing. */
const EMPTY: Sighting = { objects: [], background: { kind: "plain", color: null, secondColor: null } };

/** Every scene so many times, as suites ask for several pictures of one prompt. */
export const repeated = <T>(items: readonly T[], times: number): T[] =>
  items.flatMap((item) => new Array<T>(times).fill(item));
