import { cutOut } from "../image/cut-out.ts";
import { paste } from "../image/paste.ts";
import type { Picture } from "../image/picture.ts";
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

/** What of an edit's results is put in its place. */
export interface PlacingSource {
  /** Of every result, the new thing that it shows, alone on a plain background; undefined where an edit brings none. */
  things?: readonly Picture[];
  /** `tracePlace`, compiled. */
  program: Runnable;
}

/**
 * A result with what is new in it put in its place.
 *
 * @param condition what the head was told of its places: [places, width]
 * @param number the result's among all of the edit's
 */
export async function withNewThing(
  { pixels, placing }: Pick<KeptSource, "pixels" | "placing">,
  condition: HostArray,
  result: Picture,
  number: number,
): Promise<Picture> {
  const thing = placing?.things?.[number];
  const cut = thing && cutOut(thing);
  if (!placing || !cut) return result;
  const { box } = await placing.program.run({ condition, source: pixels });
  const [left, top, right, bottom] = box.data as Float32Array;
  return paste(result, cut, { left, top, right, bottom });
}

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
