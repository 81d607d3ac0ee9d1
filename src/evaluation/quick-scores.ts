import { nativeSide } from "../models/config.ts";
import type { UniPic } from "../pipeline/unipic.ts";
import type { StageConfig } from "../training/stage.ts";
import { asArtist } from "./artist.ts";
import { type Estimate, meanOf } from "./estimate.ts";
import type { Looker } from "./sighting.ts";
import { objects } from "./suites/objects.ts";
import type { SuiteResult, World } from "./suites/suite.ts";

/** What is followed while a model learns, in the order in which it is shown. */
export const ABILITIES = ["generation", "understanding", "editing"] as const;
export type Ability = (typeof ABILITIES)[number];

export type QuickScores = Record<Ability, Estimate>;

export interface QuickScoresOptions {
  reader: Looker;
  /** The same seed asks for the same, with the same noise, so that scores of one run can be compared. */
  seed: number;
  /** Pictures drawn, and pictures described; half as many are edited. */
  count: number;
  world?: World;
  signal?: AbortSignal;
}

/** Few rounds and steps: good enough to tell how far a model is, done in seconds. */
const ROUNDS = 8;
const STEPS = 20;
/** Descriptions of single objects are shorter; a model that has not learned to end its answers would go on for long. */
const MOST_TOKENS = 24;

/** A model's scores in the suite of single objects, of few tasks and drawn coarsely: 0 to 1, with 95 % intervals. */
export async function quickScores(model: UniPic, options: QuickScoresOptions): Promise<QuickScores> {
  const rounds = Math.min(ROUNDS, nativeSide(model.config.mar) ** 2);
  const artist = asArtist(model, { rounds, steps: STEPS }, { maxTokens: MOST_TOKENS });
  const { result } = await objects.run({ artist, ...options });
  return abilitiesIn(result);
}

/**
 * The three abilities in a result of `world-objects`: generation is the share of prompts drawn with the right object and colour,
 * understanding that of descriptions that name the object, editing that of edits with the change made and the object kept, where
 * colours and backgrounds count the same.
 */
export function abilitiesIn({ overall, scores }: SuiteResult): QuickScores {
  const named = scores.filter(({ test, right }) => test === "description" && right === "object");
  const changed = scores.filter(({ test, right }) => test.startsWith("change of") && right.startsWith("success"));
  return {
    generation: overall.value,
    understanding: meanOf(named.map(({ value }) => value)),
    editing: meanOf(changed.map(({ value }) => value)),
  };
}

/**
 * The part of the picture world that a run shows, to be asked for: that of its last stage that learns to draw from words, or of the last
 * where none does; what is held out of training may be asked for too. Undefined where all stages learn from other data alone.
 */
export function shownBy(stages: readonly Shown[]): World | undefined {
  const shown = stages.filter(showsWorld);
  const last = shown.findLast(({ batch }) => batch.generation > 0) ?? shown.at(-1);
  if (!last) return undefined;
  const { heldOut: _, rainbow: __, ...world } = last.scenes;
  return world;
}

type Shown = Pick<StageConfig, "scenes" | "batch" | "data">;

/** Whether a stage learns from the picture world, if not from it alone. */
export const showsWorld = ({ data }: Pick<StageConfig, "data">): boolean =>
  data === undefined || data.sources.some(({ path }) => path === undefined);
