import { movedApart } from "../image/apart.ts";
import { cutOut, type Region } from "../image/cut-out.ts";
import { paste, pastedAt } from "../image/paste.ts";
import type { Picture } from "../image/picture.ts";
import type { Grid } from "../models/position-table.ts";
import { releaseValues } from "../runtime/values.ts";
import { type DrawSetting, drawPictures } from "./draw-pictures.ts";
import { partOf } from "./draw-progress.ts";
import { embed } from "./embed.ts";
import type { DrawOptions } from "./options.ts";
import { asPicture, asPixels } from "./picture-pixels.ts";
import type { Programs } from "./programs.ts";

/** Something to be drawn by a prompt of its own, and where it goes. */
export interface AloneThing {
  prompt: readonly number[];
  box: Region;
}

/** A picture to draw, and what is drawn by itself and pasted into it. */
export interface LaidOutJob {
  prompt: readonly number[];
  things: readonly AloneThing[];
}

/**
 * Draws one picture for every job, the i-th with the seed + i. Where it has things, the picture gives only its background to the result, and these are drawn
 * with the seed of the picture.
 */
export async function drawLaidOut(
  programs: Programs,
  jobs: readonly LaidOutJob[],
  setting: DrawSetting,
  options: DrawOptions,
): Promise<Picture[]> {
  const alone = jobs.flatMap(({ things }, seed) => things.map(({ prompt }) => ({ prompt, seed })));
  const share = jobs.length / (jobs.length + alone.length);
  const whole = jobs.map(({ prompt }, seed) => ({ prompt, seed }));
  const pictures = await drawPictures(programs, whole, setting, partOf(options, 0, share));
  if (alone.length === 0) return pictures;
  const rest = { ...partOf(options, share, 1), onPreview: undefined };
  const drawn = await drawPictures(programs, alone, setting, rest);
  const results: Picture[] = [];
  for (const [i, { prompt, things }] of jobs.entries()) {
    const own = drawn.splice(0, things.length);
    if (own.length === 0) results.push(pictures[i]);
    else results.push(withThings(await background(programs, setting.grid, pictures[i], prompt), things, own));
  }
  return results;
}

/** What is behind everything in a picture that was drawn by a prompt. */
async function background(
  programs: Programs,
  grid: Grid,
  picture: Picture,
  prompt: readonly number[],
): Promise<Picture> {
  const embeddings = await embed(programs, prompt);
  const { pixels } = await programs.clear(grid).run({ drawn: asPixels(picture), embeddings });
  releaseValues([embeddings]);
  return asPicture(pixels);
}

/** A picture with things pasted onto it, none over another; what stands lower in it stands nearer. */
function withThings(onto: Picture, things: readonly AloneThing[], drawn: readonly Picture[]): Picture {
  const placed = things.flatMap(({ box }, i) => {
    const cut = cutOut(drawn[i]);
    return cut ? [{ cut, at: pastedAt(cut, box) }] : [];
  });
  const apart = movedApart(placed.map(({ at }) => at));
  return placed
    .map(({ cut }, i) => ({ cut, at: apart[i] }))
    .sort((a, b) => a.at.bottom - b.at.bottom)
    .reduce((result, { cut, at }) => paste(result, cut, at), onto);
}
