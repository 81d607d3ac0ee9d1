import { type HostArray, hostArray } from "../tensor/dtype.ts";

/**
 * By how much the prompt changes the condition of each place, kept from round to round (LazyMAR's condition cache, arXiv 2503.12450): it
 * hardly changes, so that a round need not compute the unconditional rows at all. Conditions are [rows x places, width], row by row.
 */
export class ConditionCache {
  /** The difference at each place of each picture: [pictures x places, width]. */
  #difference = new Float32Array(0);

  /** @param places all places of a picture */
  constructor(private readonly places: number) {}

  /**
   * Keeps the differences of conditions that were computed with and without the prompt.
   *
   * @param at the places of each picture that the conditions belong to; pictures have equally many
   */
  keep(condition: HostArray, at: readonly Int32Array[]): void {
    const [rows, width] = condition.shape;
    const data = condition.data as Float32Array;
    const twins = (rows / 2) * width;
    this.#difference = new Float32Array(at.length * this.places * width);
    this.#eachPlace(at, width, (from, to) => {
      for (let i = 0; i < width; i++) this.#difference[to + i] = data[from + i] - data[twins + from + i];
    });
  }

  /** Conditions computed with the prompt, followed by what those without it are taken to be. */
  withTwins(condition: HostArray, at: readonly Int32Array[]): HostArray {
    const [rows, width] = condition.shape;
    const own = condition.data as Float32Array;
    const both = new Float32Array(2 * own.length);
    both.set(own);
    this.#eachPlace(at, width, (from, to) => {
      for (let i = 0; i < width; i++) both[own.length + from + i] = own[from + i] - this.#difference[to + i];
    });
    return hostArray("float32", [2 * rows, width], both);
  }

  /** Calls back for each place with where its numbers stand among conditions and among all places. */
  #eachPlace(at: readonly Int32Array[], width: number, visit: (from: number, to: number) => void): void {
    at.forEach((numbers, picture) => {
      numbers.forEach((place, rank) => {
        visit((picture * numbers.length + rank) * width, (picture * this.places + place) * width);
      });
    });
  }
}

/**
 * Some of the places' conditions.
 *
 * @param condition [rows x from, width], rows being one or several times the pictures
 * @param from places of each picture that there are conditions of; pictures have equally many
 * @param to those to select, out of `from`
 */
export function selectPlaces(condition: HostArray, from: readonly Int32Array[], to: readonly Int32Array[]): HostArray {
  const [all, width] = condition.shape;
  const pictures = from.length;
  const rows = all / from[0].length;
  const data = condition.data as Float32Array;
  const selected = new Float32Array(rows * to[0].length * width);
  for (let row = 0; row < rows; row++) {
    const places = from[row % pictures];
    to[row % pictures].forEach((place, rank) => {
      const at = (row * places.length + places.indexOf(place)) * width;
      selected.set(data.subarray(at, at + width), (row * to[row % pictures].length + rank) * width);
    });
  }
  return hostArray("float32", [selected.length / width, width], selected);
}
