/** How much a drawing computes, counted from the traced programs: what no other work on the machine can disturb. */
import { traceEarlyBlocks, traceLateBlocks } from "../src/models/cached-decoder.ts";
import type { UniPicConfig } from "../src/models/config.ts";
import type { Grid } from "../src/models/position-table.ts";
import { traceDenoise, tracePixels, traceRead, traceRound, traceSolve } from "../src/models/programs.ts";
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
  const whole = [traceRound(config, grid, { editing: false }).outputs.condition];
  const fuse = [traceRound(config, grid, { editing: false }).outputs.fused];
  const early = Object.values(traceEarlyBlocks(config, grid, { editing: false }).outputs);
  const late = Object.values(traceLateBlocks(config, grid).outputs);
  const step = Object.values((settings.sampler === "ancestral" ? traceDenoise : traceSolve)(config).outputs);
  const rounds = maskRounds(count, settings.rounds);
  const total = { prompt: 0, rounds: 0, head: 0, pixels: 0 };
  let newlyVisible = 0;
  planRounds(rounds.length, { ...settings, guided }).forEach(({ steps, unconditional, isFull }, number) => {
    const { maskedBefore, predicted } = rounds[number];
    const rows = unconditional === "computed" ? 2 : 1;
    const sizes = { pictures: 1, rows, visible: count - maskedBefore, past: PROMPT, chosen: rows * predicted };
    if (settings.tokenCache) {
      const share = all - Math.floor(settings.tokenCache * all);
      const least = Math.max(share, config.mar.buffer_size + predicted + newlyVisible);
      const active = isFull ? all : least;
      const cached = isFull ? 0 : rows;
      total.rounds +=
        flops(fuse, sizes) +
        flops(early, { ...sizes, known: config.mar.buffer_size + count - maskedBefore }) +
        flops(late, { ...sizes, active, cached });
    } else total.rounds += flops(whole, sizes);
    newlyVisible = predicted;
    const headRows = unconditional === "absent" ? predicted : 2 * predicted;
    const times = noiseSchedule({ maxBeta: config.max_beta, respacing: steps }).steps;
    total.head += times * flops(step, { tokens: predicted, rows: headRows });
  });
  const reading = traceRead(config, { cached: false, pictures: false }).outputs;
  total.prompt = flops(Object.values(reading), { rows: twins, length: PROMPT });
  total.pixels = flops(Object.values(tracePixels(config, grid, 1).outputs), {});
  return total;
}
