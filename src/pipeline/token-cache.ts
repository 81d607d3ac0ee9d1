import type { Runnable } from "../runtime/program.ts";
import { releaseValues, toHost, type Value } from "../runtime/values.ts";
import { cosineSimilarity } from "../sampling/similarity.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import type { DrawingRound, RoundFeeds } from "./drawing-round.ts";
import { pastFeeds } from "./kv-cache.ts";

/** A round in the parts that the token cache needs: up to the decoder's early blocks, and its late ones, see `models/cached-decoder.ts`. */
export interface SplitRound {
  early: DrawingRound;
  late: Runnable & { readonly inputs: readonly { name: string }[] };
  /** The grid's `diffusion positions`, which the late blocks read. */
  positions: Value;
}

/** What one round asks of the token cache. */
export interface CachedRound {
  /** The round's inputs. */
  feeds: RoundFeeds;
  /** Every picture's visible places, and those whose conditions are asked for, both in raster order and equally many in each picture. */
  visible: readonly Int32Array[];
  wanted: readonly Int32Array[];
  /** Rows: as many as pictures, or twice as many. */
  rows: number;
  /** Whether every token is to be computed; the first round has to be. */
  isFull: boolean;
}

/**
 * The decoder's features of tokens that have settled, kept from round to round (LazyMAR's token cache, arXiv 2503.12450). A round computes
 * the tokens whose features after the early blocks have changed most since they were last computed, and in any case the buffer, the
 * places whose conditions it asks for, and those that have become visible; every other token keeps its keys and values.
 */
export class TokenCache {
  /** Keys and values of the late blocks, by name: [rows, tokens, width]. */
  #past: Readonly<Record<string, Value>> = {};
  /** Features after the early blocks when each token was last computed: [rows, tokens, width]. */
  #before: Float32Array = new Float32Array(0);
  /** Whether each place was visible then: [rows x places]. */
  #wasVisible = new Uint8Array(0);

  /**
   * @param share the share of tokens that a round takes from the cache, unless it has to compute more
   * @param buffer buffer tokens, which stand before the places
   */
  constructor(
    private readonly programs: SplitRound,
    private readonly share: number,
    private readonly buffer: number,
    private readonly places: number,
  ) {}

  /** Conditions at the wanted places, row by row: [rows x wanted, width]. */
  async conditions(round: CachedRound): Promise<Value> {
    const { rows, isFull } = round;
    const { early } = await this.programs.early.runOnDevice(round.feeds);
    const features = await toHost(early);
    const all = counted(this.buffer + this.places);
    const active = counted(rows).map((row) => (isFull ? all : this.#choose(features, round, row)));
    const { condition, ...past } = await this.programs.late.runOnDevice({
      ...this.#pastFeeds(early.shape[2], isFull),
      ...this.#indices(active, round),
      early,
      "diffusion positions": this.programs.positions,
    });
    releaseValues([early]);
    this.release();
    this.#past = past;
    this.#remember(features, active, round);
    return condition;
  }

  /** Frees what is kept on the device. */
  release(): void {
    releaseValues(this.#past);
    this.#past = {};
  }

  /** The numbers of a row's tokens to compute, ascending; in every row equally many. */
  #choose(early: HostArray, { visible, wanted }: CachedRound, row: number): number[] {
    const [, tokens, width] = early.shape;
    const needed = new Set(counted(this.buffer));
    for (const place of wanted[row % wanted.length]) needed.add(this.buffer + place);
    for (const place of visible[row % visible.length]) {
      if (!this.#wasVisible[row * this.places + place]) needed.add(this.buffer + place);
    }
    const room = tokens - Math.floor(this.share * tokens) - needed.size;
    const others = counted(tokens).filter((token) => !needed.has(token));
    const now = early.data as Float32Array;
    const similarity = new Map(
      others.map((token) => [token, cosineSimilarity(now, this.#before, (row * tokens + token) * width, width)]),
    );
    others.sort((a, b) => (similarity.get(a) as number) - (similarity.get(b) as number) || a - b);
    return [...needed, ...others.slice(0, Math.max(0, room))].sort((a, b) => a - b);
  }

  #indices(active: readonly number[][], { wanted, rows, isFull }: CachedRound): Record<string, HostArray> {
    const tokens = this.buffer + this.places;
    const each = active[0].length;
    // Rows are numbered as before: where there are fewer now, those that are left are the first.
    const cached = isFull ? 0 : Object.values(this.#past)[0].shape[0] * tokens;
    const merge = counted(rows * tokens);
    const chosen: number[] = [];
    const places: number[] = [];
    active.forEach((numbers, row) => {
      const rank = new Map(numbers.map((token, i) => [token, row * each + i]));
      for (const [token, i] of rank) merge[row * tokens + token] = cached + i;
      for (const place of wanted[row % wanted.length]) {
        chosen.push(rank.get(this.buffer + place) as number);
        places.push(place);
      }
    });
    const flat = active.flatMap((numbers, row) => numbers.map((token) => row * tokens + token));
    return {
      active: hostArray("int64", [rows, each], flat),
      merge: hostArray("int64", [rows, tokens], merge),
      chosen: hostArray("int64", [chosen.length], chosen),
      places: hostArray("int64", [places.length], places),
    };
  }

  /** Keys and values as the late part reads them, nothing where all are computed. */
  #pastFeeds(width: number, isFull: boolean): Record<string, Value> {
    if (!isFull) return pastFeeds(this.#past);
    const names = this.programs.late.inputs.filter(({ name }) => name.startsWith("past "));
    const nothing = hostArray("float32", [0, this.buffer + this.places, width], new Float32Array(0));
    return Object.fromEntries(names.map(({ name }) => [name, nothing]));
  }

  #remember(early: HostArray, active: readonly number[][], { visible, rows, isFull }: CachedRound): void {
    const [, tokens, width] = early.shape;
    const now = early.data as Float32Array;
    if (isFull) this.#before = now;
    else {
      active.forEach((numbers, row) => {
        for (const token of numbers) {
          const at = (row * tokens + token) * width;
          this.#before.set(now.subarray(at, at + width), at);
        }
      });
    }
    // Whatever has become visible has been computed, so what was visible when last computed is what is visible now.
    this.#wasVisible = new Uint8Array(rows * this.places);
    counted(rows).forEach((row) => {
      for (const place of visible[row % visible.length]) this.#wasVisible[row * this.places + place] = 1;
    });
  }
}

/** 0, 1, 2, ... */
const counted = (length: number): number[] => Array.from({ length }, (_, i) => i);
