import { toHost, type Value } from "../runtime/values.ts";
import type { MaskRound } from "../sampling/mask-schedule.ts";
import { tokensBetween } from "../sampling/orders.ts";
import type { RoundPlan } from "../sampling/round-plan.ts";
import { ConditionCache, selectPlaces } from "./condition-cache.ts";
import type { DrawingRound } from "./drawing-round.ts";
import { chosenFeeds, type DrawingContext, type RoundInput, roundFeeds } from "./round-feeds.ts";
import { type CachedRound, type SplitRound, TokenCache } from "./token-cache.ts";

export interface ConditionSourceOptions extends Pick<RoundInput, "config" | "grid" | "context"> {
  /** Gives the context's conditional rows alone; asked at most once, by a guided drawing with a round that computes no others. */
  conditional?: () => Promise<DrawingContext>;
  /** The round, compiled: whole, or in the two parts that the token cache needs. */
  programs: { round: DrawingRound | SplitRound };
  /** See `RoundPlanOptions`. */
  tokenCache?: number;
  conditionCache?: boolean;
}

/** What the head is told in one round. */
export interface RoundConditions {
  /** [pictures x predicted, width], and where the round is guided as many rows without the prompt after them. */
  condition: Value;
  /** What the round's program gave. */
  outputs: Readonly<Record<string, Value>>;
}

/** Computes conditions for the head, round after round of the same pictures, and takes from earlier rounds what a round's plan allows. */
export class ConditionSource {
  readonly #conditions: ConditionCache;
  readonly #tokens: TokenCache | undefined;
  #conditional: Promise<DrawingContext> | undefined;

  /** @param orders the order in which each picture's places are drawn, last entries first */
  constructor(
    private readonly options: ConditionSourceOptions,
    private readonly orders: readonly Int32Array[],
  ) {
    const { config, programs, tokenCache = 0 } = options;
    const places = orders[0].length;
    this.#conditions = new ConditionCache(places);
    if ("early" in programs.round) {
      this.#tokens = new TokenCache(programs.round, tokenCache, config.mar.buffer_size, places);
    }
  }

  /** @param tokens all pictures' tokens so far: [pictures x places, token] */
  async next(round: MaskRound, plan: RoundPlan, tokens: Float32Array): Promise<RoundConditions> {
    const { orders, options } = this;
    const between = (start: number, end: number) => orders.map((order) => tokensBetween(order, start, end));
    const visible = between(round.maskedBefore, orders[0].length);
    const predicted = between(round.maskedAfter, round.maskedBefore);
    const hasTwins = plan.unconditional === "computed";
    // Later rounds will want the difference at places that are hidden now.
    const isKept = hasTwins && options.conditionCache === true;
    const wanted = isKept ? between(0, round.maskedBefore) : predicted;
    const context = await this.#rows(hasTwins ? 2 * orders.length : orders.length);
    const feeds = roundFeeds({ ...options, context, tokens, visible });
    const rows = context.lengths.length;
    const outputs = await this.#run({ feeds, visible, wanted, rows, isFull: plan.isFull });
    if (plan.unconditional === "reused") {
      return { condition: this.#conditions.withTwins(await toHost(outputs.condition), predicted), outputs };
    }
    if (!isKept) return { condition: outputs.condition, outputs };
    const all = await toHost(outputs.condition);
    this.#conditions.keep(all, wanted);
    return { condition: selectPlaces(all, wanted, predicted), outputs };
  }

  /** Frees what is kept on the device for later rounds. */
  release(): void {
    this.#tokens?.release();
  }

  /** The context's first rows: all, or the conditional ones. */
  #rows(count: number): DrawingContext | Promise<DrawingContext> {
    const { context, conditional } = this.options;
    if (context.lengths.length === count) return context;
    this.#conditional ??= conditional?.();
    if (!this.#conditional) throw new Error("A round without unconditional rows needs the conditional ones alone.");
    return this.#conditional;
  }

  async #run(round: CachedRound): Promise<Readonly<Record<string, Value>>> {
    const { programs } = this.options;
    if (this.#tokens) return { condition: await this.#tokens.conditions(round) };
    const { feeds, wanted, rows } = round;
    const chosen = chosenFeeds(wanted, rows, this.options.config.mar.buffer_size, this.orders[0].length);
    return (programs.round as DrawingRound).runOnDevice({ ...feeds, decoder: { ...feeds.decoder, ...chosen } });
  }
}
