/** How much a drawing computes, counted from the traced programs: what no other work on the machine can disturb. */
import { traceEarlyBlocks, traceLateBlocks } from "../src/models/cached-decoder.ts";
import type { UniPicConfig } from "../src/models/config.ts";
import { traceDecoder, traceEncoder } from "../src/models/drawing-programs.ts";
import { traceLanguage } from "../src/models/language-programs.ts";
import type { Grid } from "../src/models/position-table.ts";
import { traceDenoise, tracePixels, traceSolve } from "../src/models/programs.ts";
import { drawing, type GenerateOptions } from "../src/pipeline/options.ts";
import { maskRounds } from "../src/sampling/mask-schedule.ts";
import { noiseSchedule } from "../src/sampling/noise-schedule.ts";
import { planRounds } from "../src/sampling/round-plan.ts";
import type { Tensor } from "../src/tensor/index.ts";
import { productFlops } from "./product-flops.ts";
import type { Part } from "./watch-engine.ts";

/** Tokens of a prompt of some thirty words. */
const PROMPT = 48;

/** Counts the floating-point operations of one picture's matrix products and convolutions, by part. */
export function arithmeticOf(config: UniPicConfig, grid: Grid, options: GenerateOptions): Record<Part, number> {
  const settings = drawing(options, config.mar, grid);
  const count = grid[0] * grid[1];
  const all = config.mar.buffer_size + count;
  const guided = settings.guidance !== 1;
  const twins = guided ? 2 : 1;
  const flops = (outputs: readonly Tensor[], sizes: Record<string, number>) =>
    productFlops(outputs, new Map(Object.entries(sizes)));
  const encoder = Object.values(traceEncoder(config).outputs);
  // Keys and values that no one keeps are worked out all the same; they are no products of their own.
  const language = [traceLanguage(config).outputs.states];
  const decoder = Object.values(traceDecoder(config).outputs);
  const early = Object.values(traceEarlyBlocks(config).outputs);
  const late = Object.values(traceLateBlocks(config).outputs);
  const step = Object.values((settings.sampler === "ancestral" ? traceDenoise : traceSolve)(config).outputs);
  const rounds = maskRounds(count, settings.rounds);
  const total = { prompt: 0, rounds: 0, head: 0, pixels: 0 };
  let newlyVisible = 0;
  planRounds(rounds.length, { ...settings, guided }).forEach(({ steps, unconditional, isFull }, number) => {
    const { maskedBefore, predicted } = rounds[number];
    const rows = unconditional === "computed" ? 2 : 1;
    const own = config.mar.buffer_size + count - maskedBefore;
    const sizes = { pictures: 1, rows, visible: count - maskedBefore, own, places: count, hidden: 1, positions: all };
    total.rounds += flops(encoder, sizes) + flops(language, { rows, length: own, past: PROMPT });
    if (settings.tokenCache) {
      const share = all - Math.floor(settings.tokenCache * all);
      const least = Math.max(share, config.mar.buffer_size + predicted + newlyVisible);
      const active = isFull ? all : least;
      const cached = isFull ? 0 : rows;
      total.rounds += flops(early, sizes) + flops(late, { rows, all, active, cached, chosen: rows * predicted });
    } else total.rounds += flops(decoder, { ...sizes, chosen: predicted });
    newlyVisible = predicted;
    const headRows = unconditional === "absent" ? predicted : 2 * predicted;
    const times = noiseSchedule({ maxBeta: config.max_beta, respacing: steps }).steps;
    total.head += times * flops(step, { tokens: predicted, rows: headRows });
  });
  total.prompt = flops(language, { rows: twins, length: PROMPT, past: 1 });
  total.pixels = flops(Object.values(tracePixels(config, grid, 1).outputs), {});
  return total;
}
