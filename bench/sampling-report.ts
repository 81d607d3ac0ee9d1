import { share, showPercent } from "../src/evaluation/estimate.ts";
import type { Sighting } from "../src/evaluation/sighting.ts";
import { satisfies } from "../src/evaluation/suites/objects.ts";
import {
  type PromptTask,
  PARTS as SEEN_PARTS,
  type Part as SeenPart,
  type Wanted,
} from "../src/evaluation/suites/objects-tasks.ts";
import type { Picture } from "../src/image/index.ts";
import { distance, type Mean, meanDifference, meanOf, median, rootMeanSquare } from "./paired.ts";
import { EXACT, ODE, type Variant } from "./sampling-variants.ts";
import { PARTS, type Part, type Watch } from "./watch-engine.ts";

/** What came of a variant. */
export interface Measured {
  variant: Variant;
  /** One picture of every prompt, and its latent tokens. */
  pictures: Picture[];
  latents: Float32Array[];
  /** Seconds of a picture when 16 are drawn together, one for every such batch. */
  together: number[];
  /** Seconds of a picture drawn alone, one for every time, and what the model's programs did then. */
  alone: number[];
  watches: Watch[];
}

/** What the reader saw of a variant's pictures. */
export interface Scores {
  /** Of every prompt the share of what it asks for (object, colour, background) that the reader sees. */
  each: number[];
  judged: { wanted: Wanted; sighting: Sighting }[];
}

export function scoresOf(tasks: readonly PromptTask[], sightings: readonly Sighting[]): Scores {
  const judged = tasks.map(({ wanted }, i) => ({ wanted, sighting: sightings[i] }));
  const each = judged.map(({ wanted, sighting }) => {
    const parts = SEEN_PARTS.filter((part) => wanted[part] !== undefined);
    return parts.filter((part) => satisfies(sighting, wanted, [part])).length / parts.length;
  });
  return { each, judged };
}

export const SCORE_COLUMNS = [
  "score (95 % interval)",
  "against exact",
  "object",
  "colour",
  "background",
  "latents from exact",
  "from the ODE",
  "pixels from exact",
];

/** The cells of {@link SCORE_COLUMNS}. */
export function scoreCells(all: readonly Measured[], scores: readonly Scores[], at: number): string[] {
  const { variant, latents, pictures } = all[at];
  const exact = all.findIndex(isExact);
  const ode = all.find(({ variant: { name } }) => name === ODE);
  const seen = (part: SeenPart) =>
    share(
      scores[at].judged.filter(({ wanted }) => wanted[part] !== undefined),
      ({ wanted, sighting }) => satisfies(sighting, wanted, [part]),
    );
  const isDeterministic = latents !== ode?.latents && isSolver(variant);
  const pixels = (of: readonly Picture[]) => of.map(({ data }) => data);
  return [
    showMean(meanOf(scores[at].each)),
    at === exact ? "" : showMean(meanDifference(scores[at].each, scores[exact].each), true),
    ...SEEN_PARTS.map((part) => showPercent(seen(part))),
    at === exact ? "" : distance(latents, all[exact].latents).toFixed(3),
    ode && isDeterministic ? distance(latents, ode.latents).toFixed(3) : "",
    at === exact ? "" : distance(pixels(pictures), pixels(all[exact].pictures)).toFixed(1),
  ];
}

/** What the distances of latents in the table are to be held against. */
export function latentsLine(all: readonly Measured[]): string {
  const own = rootMeanSquare(all.filter(isExact).flatMap(({ latents }) => latents));
  return `Root of the mean square of the latent numbers themselves, ${EXACT}: ${own.toFixed(3)}`;
}

const isExact = ({ variant: { name } }: Measured): boolean => name === EXACT;

const isSolver = ({ options: { sampler, preset } }: Variant): boolean =>
  preset === "fast" || (sampler !== undefined && sampler !== "ancestral");

export const TIME_COLUMNS = ["one picture, s", "times as fast", ...PARTS.map((part) => `${part}, s`), "head runs"];

/** The cells of {@link TIME_COLUMNS}. */
export function timeCells(all: readonly Measured[], at: number): string[] {
  const { alone, watches } = all[at];
  const of = (part: Part, what: "seconds" | "runs") => median(watches.map(({ parts }) => parts.get(part)?.[what] ?? 0));
  const exact = all.find(isExact);
  return [
    median(alone).toFixed(3),
    exact ? (median(exact.alone) / median(alone)).toFixed(2) : "",
    ...PARTS.map((part) => of(part, "seconds").toFixed(3)),
    String(of("head", "runs")),
  ];
}

export const BATCH_COLUMNS = ["of 16, each, s", "times as fast"];

/** The cells of {@link BATCH_COLUMNS}. */
export function batchCells(all: readonly Measured[], at: number): string[] {
  const exact = all.find(isExact);
  return [
    median(all[at].together).toFixed(3),
    exact ? (median(exact.together) / median(all[at].together)).toFixed(2) : "",
  ];
}

/** "83.1 ± 2.5", in percent or, as a difference, in points with its sign. */
function showMean({ mean, spread }: Mean, signed = false): string {
  const value = (100 * mean).toFixed(1);
  return `${signed && mean > 0 ? "+" : ""}${value} ± ${(100 * spread).toFixed(1)}`;
}
