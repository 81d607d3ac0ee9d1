import type { Picture } from "../image/index.ts";
import type { DescribeOptions, DrawOptions } from "../pipeline/options.ts";
import type { UniPic } from "../pipeline/unipic.ts";

export interface ArtistOptions {
  /** The same seed gives the same pictures and words; picture i of a call has the seed + i. */
  seed: number;
  signal?: AbortSignal;
}

/** Whatever draws, edits and describes: what the suites score. Every call takes several tasks, and gives a result for each. */
export interface Artist {
  /** Side in pixels of the pictures it draws and edits, and of those it looks at. */
  readonly size: number;
  readonly sight: number;
  generate(prompts: string[], options: ArtistOptions): Promise<Picture[]>;
  edit(pictures: Picture[], instructions: string[], options: ArtistOptions): Promise<Picture[]>;
  describe(pictures: Picture[], questions: string[], options: ArtistOptions): Promise<string[]>;
}

/** How a model draws; its own defaults where nothing is said. */
export type DrawSettings = Pick<DrawOptions, "preset" | "rounds" | "steps" | "guidance" | "temperature">;

/** A model as an artist; `maxTokens` is the longest it answers. */
export function asArtist(
  model: UniPic,
  settings: DrawSettings = {},
  { maxTokens }: Pick<DescribeOptions, "maxTokens"> = {},
): Artist {
  return {
    size: model.config.mar.img_size,
    sight: model.config.siglip2.image_size,
    generate: (prompts, options) => model.generate(prompts, { ...settings, ...options }),
    async edit(pictures, instructions, { seed, signal }) {
      const edited: Picture[] = [];
      for (const [i, picture] of pictures.entries()) {
        edited.push(...(await model.edit(picture, instructions[i], { ...settings, seed: seed + i, signal })));
      }
      return edited;
    },
    async describe(pictures, questions, { seed, signal }) {
      const texts: string[] = [];
      for (const [i, picture] of pictures.entries()) {
        texts.push(await model.describe(picture, questions[i], { seed: seed + i, signal, maxTokens }));
      }
      return texts;
    },
  };
}
