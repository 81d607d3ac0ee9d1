import type { Picture } from "../image/picture.ts";
import { tokenWidth } from "../models/config.ts";
import type { Grid } from "../models/position-table.ts";
import { releaseValues, type Value } from "../runtime/values.ts";
import { maskRounds } from "../sampling/mask-schedule.ts";
import { planRounds } from "../sampling/round-plan.ts";
import { hostArray } from "../tensor/dtype.ts";
import { type Together, tellProgress } from "./draw-progress.ts";
import { type DrawingContext, drawTokens } from "./draw-tokens.ts";
import { seededDraws } from "./draws.ts";
import { type Drawing, type DrawOptions, drawing, previewInterval } from "./options.ts";
import { asPicture } from "./picture-pixels.ts";
import { withBlanks } from "./preview.ts";
import type { Programs } from "./programs.ts";
import { firstRows, readContexts } from "./read-prompts.ts";

/** A picture to draw. */
export interface DrawJob {
  prompt: readonly number[];
  /** What is added to the seed that was asked for. */
  seed: number;
}

/** What pictures of a call have in common. */
export interface DrawSetting {
  /** The prompt that guidance leads away from. */
  twin: readonly number[];
  grid: Grid;
  /** Of edits. */
  source?: EditSource;
}

/** An edit's source as drawing takes it. */
export interface EditSource {
  hidden: Value;
  features: Value;
  /** The token that stands for an image feature in a prompt. */
  imageToken: number;
}

/** Pictures drawn together: more would only take more memory. */
const TOGETHER = 16;

/** Draws one picture for every job, some at a time. */
export async function drawPictures(
  programs: Programs,
  jobs: readonly DrawJob[],
  setting: DrawSetting,
  options: DrawOptions,
): Promise<Picture[]> {
  const settings = drawing(options, programs.config.mar, setting.grid);
  const pictures: Picture[] = [];
  for (let first = 0; first < jobs.length; first += TOGETHER) {
    const part = jobs.slice(first, first + TOGETHER);
    const together = { first, together: part.length, all: jobs.length };
    const tokens = await drawTogether(programs, part, setting, settings, options, together);
    pictures.push(...(await develop(programs, tokens, setting.grid, part.length)));
  }
  options.onProgress?.({ pictures: jobs.length, round: settings.rounds, rounds: settings.rounds, done: 1 });
  return pictures;
}

/** The tokens of some pictures, drawn together. */
async function drawTogether(
  programs: Programs,
  part: readonly DrawJob[],
  { twin, grid, source }: DrawSetting,
  settings: Drawing,
  options: DrawOptions,
  together: Together,
): Promise<Float32Array> {
  const { config } = programs;
  const guided = settings.guidance !== 1;
  const prompts = part.map(({ prompt }) => [...prompt]);
  const rows = guided ? [...prompts, ...part.map(() => [...twin])] : prompts;
  const read = await readContexts(programs, rows, source);
  const context: DrawingContext = { ...read, sources: source && { count: 1, hidden: source.hidden } };
  const held = Object.values(context.cache);
  const rounds = maskRounds(grid[0] * grid[1], settings.rounds);
  const plans = planRounds(rounds.length, { ...settings, guided });
  // A respacing that is no number is that of every round.
  const work = rounds.map((round, i) => ({ tokens: round.predicted, steps: Number(plans[i].steps) || 1 }));
  const { first } = together;
  const every = previewInterval(options.previewEvery);
  try {
    return await drawTokens({
      ...settings,
      config,
      grid,
      pictures: part.length,
      context,
      conditional: async () => {
        const own = await firstRows(programs, context, part.length);
        held.push(...Object.values(own.cache));
        return own;
      },
      guided,
      programs: {
        round: await (settings.tokenCache ? programs.splitRound(grid) : programs.round(grid)),
        denoise: programs.denoise(settings.sampler),
      },
      draws: seededDraws(part.map(({ seed }) => settings.seed + seed)),
      onStep: tellProgress(options, work, together),
      onRound: async ({ number, tokens, hidden }) => {
        const isDue = hidden[0].length > 0 && (number + 1) % every === 0;
        if (!options.onPreview || !isDue) return;
        const blanked = withBlanks(tokens, hidden, tokenWidth(config.mar));
        const pictures = await develop(programs, blanked, grid, part.length);
        await options.onPreview({ pictures, first, round: number + 1, rounds: rounds.length });
      },
    });
  } finally {
    releaseValues(held);
  }
}

/** Tokens to pictures, one at a time: the decoder's memory grows with the number. */
async function develop(programs: Programs, tokens: Float32Array, grid: Grid, count: number): Promise<Picture[]> {
  const program = programs.pixels(grid, 1);
  const size = tokens.length / count;
  const pictures: Picture[] = [];
  for (let i = 0; i < count; i++) {
    const shape = [1, ...grid, size / (grid[0] * grid[1])];
    const own = hostArray("float32", shape, tokens.slice(i * size, (i + 1) * size));
    const { pixels } = await program.run({ tokens: own });
    pictures.push(asPicture(pixels));
  }
  return pictures;
}
