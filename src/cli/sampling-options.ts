/** The options of sampling, fast sampling among them, the same for every command that draws. */
import type { Command } from "commander";
import { type SamplingPreset, samplingPresets } from "../pipeline/presets.ts";
import { type Sampler, samplers } from "../sampling/samplers.ts";
import { numberFor, oneOf, pairFor } from "./values.ts";

export interface SamplingOptions {
  rounds?: number;
  guidance?: number;
  preset?: SamplingPreset;
  sampler?: Sampler;
  steps?: number | [first: number, last: number];
  guidanceInterval?: [start: number, end: number];
  tokenCache?: number;
  conditionCache?: boolean;
  cacheRefresh?: number;
}

export function addSamplingOptions(command: Command): Command {
  return command
    .option(
      "--rounds <n>",
      "rounds of prediction, up to the number of tokens (default: 32, of edits the model's own)",
      numberFor("--rounds"),
    )
    .option("--guidance <x>", "how strongly the words are followed, from 1 (default: 3)", numberFor("--guidance"))
    .option(
      "--preset <name>",
      "exact, the official sampler, or fast: what holds for those of the options below that are not given (default: exact)",
      oneOf("--preset", samplingPresets),
    )
    .option(
      "--sampler <name>",
      "how noise becomes tokens: ancestral, ddim (arXiv 2010.02502) or dpm++ (arXiv 2211.01095) (default: ancestral)",
      oneOf("--sampler", samplers),
    )
    .option(
      "--steps <n|first:last>",
      "denoising steps, or annealed from the first round's to the last's (DiSA, arXiv 2505.20297), such as 50:5 (default: the model's own)",
      parseSteps,
    )
    .option(
      "--guidance-interval <start:end>",
      "share of the rounds that are guided (arXiv 2404.07724), such as 0.1:0.8 (default: 0:1, all)",
      pairFor("--guidance-interval", "0.1:0.8"),
    )
    .option(
      "--token-cache <share>",
      "share of the decoder's tokens that most rounds do not compute anew (LazyMAR, arXiv 2503.12450) (default: 0)",
      numberFor("--token-cache"),
    )
    .option("--condition-cache", "compute what the prompt changes in few rounds only (LazyMAR, arXiv 2503.12450)")
    .option("--no-condition-cache", "compute it in every guided round, whatever the preset says")
    .option(
      "--cache-refresh <n>",
      "with a cache, compute all in every n-th round (default: 4)",
      numberFor("--cache-refresh"),
    );
}

/** A number of steps, or two for the first and the last round. */
const parseSteps = (text: string): number | [number, number] =>
  text.includes(":") ? pairFor("--steps", "50:5")(text) : numberFor("--steps")(text);

/** The options as the library takes them. */
export function samplingOf(options: SamplingOptions): SamplingOptions {
  const { rounds, guidance, preset, sampler, steps, guidanceInterval, tokenCache, conditionCache, cacheRefresh } =
    options;
  return { rounds, guidance, preset, sampler, steps, guidanceInterval, tokenCache, conditionCache, cacheRefresh };
}
