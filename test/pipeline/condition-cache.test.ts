import { describe, expect, it } from "vitest";
import { ConditionCache, selectPlaces } from "../../src/pipeline/condition-cache.ts";
import { hostArray } from "../../src/tensor/dtype.ts";

const WIDTH = 2;
/** Conditions whose numbers tell what they are of: `of(row, place)` and its half. */
const conditions = (places: readonly number[][], of: (row: number, place: number) => number) => {
  const values = places.flatMap((own, row) => own.flatMap((place) => [of(row, place), of(row, place) / 2]));
  return hostArray("float32", [values.length / WIDTH, WIDTH], values);
};
const at = (...places: number[][]) => places.map((own) => Int32Array.from(own));

describe("ConditionCache", () => {
  it("takes off the condition what the prompt added to the same place earlier", () => {
    const cache = new ConditionCache(6);
    // The prompt adds 10 x picture + place.
    const hidden = [
      [0, 2, 5],
      [1, 2, 4],
    ];
    const computed = conditions([...hidden, ...hidden], (row, place) => (row < 2 ? 100 + 10 * row + place : 100));
    cache.keep(computed, at(...hidden));
    const later = conditions([[5], [2]], () => 50);
    const both = cache.withTwins(later, at([5], [2]));
    expect(both.shape).toEqual([4, WIDTH]);
    expect(Array.from(both.data, Number)).toEqual([50, 25, 50, 25, 50 - 5, 25 - 2.5, 50 - 12, 25 - 6]);
  });

  it("is exact where nothing has changed", () => {
    const cache = new ConditionCache(4);
    const hidden = [[0, 1, 3]];
    const computed = conditions([...hidden, ...hidden], (row, place) => 3 * place - row);
    cache.keep(computed, at(...hidden));
    const conditional = conditions(hidden, (_, place) => 3 * place);
    expect(cache.withTwins(conditional, at(...hidden))).toEqual(computed);
  });
});

describe("selectPlaces", () => {
  it("picks some of the places of every row", () => {
    const from = [
      [0, 2, 5],
      [1, 2, 4],
    ];
    const of = (row: number, place: number) => 10 * row + place;
    const to = [
      [0, 5],
      [2, 4],
    ];
    expect(selectPlaces(conditions([...from, ...from], of), at(...from), at(...to))).toEqual(
      conditions([...to, ...to], of),
    );
  });
});
