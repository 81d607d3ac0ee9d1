import type { Picture } from "../image/picture.ts";
import { findOnPlain, putInPlace, type Region } from "../image/put-in-place.ts";
import type { MarConfig } from "../models/config.ts";
import { conditionWidth } from "../models/copying.ts";
import type { Runnable } from "../runtime/program.ts";
import { toHost, type Value } from "../runtime/values.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";

/** What an edit's results are put together with, for the config's `source_pixels`. */
export interface KeptSource {
  /** The source as the autoencoder got it: [1, 3, height, width] in [-1, 1]. */
  pixels: HostArray;
  /** `traceKeep`, compiled. */
  program: Runnable;
  /** For the config's `placed_pixels`. */
  placing?: PlacingSource;
}

/** What of an edit's results is put in its place, and with what. */
export interface PlacingSource {
  /** The source as a picture. */
  source: Picture;
  /** Of every result, the new thing that it shows, alone on a plain background; undefined where an edit brings none. */
  things?: readonly Picture[];
  /** `tracePlace`, compiled. */
  program: Runnable;
}

/** One result of an edit before it is put together, and its number among all of them. */
export interface DrawnEdit {
  /** [1, 3, height, width] in [-1, 1]. */
  drawn: HostArray;
  /** [places, token] */
  token: HostArray;
  /** [places, width] */
  condition: HostArray;
  number: number;
}

/** The pixels of a result: as `drawn`. */
export async function keepPixels(kept: KeptSource, { number, ...edit }: DrawnEdit): Promise<HostArray> {
  const feeds = { ...edit, source: kept.pixels };
  if (!kept.placing) return (await kept.program.run(feeds)).pixels;
  const { condition, source } = feeds;
  const { placing } = await kept.placing.program.run({ condition, source });
  const { width: size } = kept.placing.source;
  const planes = placedPlanes(kept.placing, placing.data as Float32Array, number);
  return (await kept.program.run({ ...feeds, placed: hostArray("float32", [1, PLANES, size, size], planes) })).pixels;
}

const PLANES = 4;

/** What is put in its place, and nothing elsewhere, see `RepaintInputs`. `said` is what `tracePlace` gives. */
function placedPlanes({ source, things }: PlacingSource, said: Float32Array, number: number): Float32Array {
  const { width: size } = source;
  const [goes, turns] = said.subarray(8);
  const thing = things?.[number];
  const from = thing ? findOnPlain(thing) : goes > 0 ? regionOf(said) : undefined;
  if (from === undefined) return new Float32Array(PLANES * size * size);
  const put = { from, to: regionOf(said.subarray(4)), flip: thing === undefined && turns > 0 };
  return putInPlace(thing ?? source, put, size, thing ? 1 : -1);
}

const regionOf = ([left, top, right, bottom]: Float32Array): Region => ({ left, top, right, bottom });

/** What the head was told of every place of pictures that are drawn together, gathered round by round. */
export class ToldConditions {
  readonly #width: number;
  readonly #all: Float32Array;

  constructor(
    mar: MarConfig,
    pictures: number,
    private readonly places: number,
  ) {
    this.#width = conditionWidth(mar);
    this.#all = new Float32Array(pictures * places * this.#width);
  }

  /**
   * @param told [rows, width]: one row for each place of each picture, and perhaps as many again that are left aside
   * @param predicted the places of each picture
   */
  async add(told: Value, predicted: readonly Int32Array[]): Promise<void> {
    const data = (await toHost(told)).data as Float32Array;
    let row = 0;
    for (const [picture, own] of predicted.entries()) {
      for (const place of own) {
        const from = row++ * this.#width;
        this.#all.set(data.subarray(from, from + this.#width), (picture * this.places + place) * this.#width);
      }
    }
  }

  /** Those of one picture: [places, width]. */
  of(picture: number): HostArray {
    const size = this.places * this.#width;
    return hostArray("float32", [this.places, this.#width], this.#all.slice(picture * size, (picture + 1) * size));
  }
}
