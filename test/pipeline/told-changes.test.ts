import { describe, expect, it } from "vitest";
import { CHANGE_NUMBERS, type ChangeNumber } from "../../src/models/changing.ts";
import { changesOf } from "../../src/pipeline/told-changes.ts";

/** What is said of six tokens, of which the first stands before the instruction; -1 and 0 where nothing else is given. */
function said(...tokens: Partial<Record<ChangeNumber, number>>[]): Float32Array {
  const given = [{ isThing: 5 }, ...tokens];
  return Float32Array.from(
    Array.from({ length: 6 }, (_, at) => given[at] ?? {}).flatMap((token: Partial<Record<ChangeNumber, number>>) =>
      CHANGE_NUMBERS.map((name) => token[name] ?? (name === "logScale" || name === "lift" ? 0 : -1)),
    ),
  );
}
const changes = (...tokens: Partial<Record<ChangeNumber, number>>[]) => changesOf(6, 1, said(...tokens));
const still = { goes: false, alone: false, recolors: false, mirrors: false, poses: false, scale: 1, lift: 0 };

describe("changesOf", () => {
  it("has every run of words that name something, in the instruction alone", () => {
    const { things } = changes({ isThing: 1 }, { isThing: 1 }, {}, { isThing: 2, goes: 1 });
    expect(things.map(({ tokens }) => Array.from(tokens))).toEqual([
      [0, 1, 1, 0, 0, 0],
      [0, 0, 0, 0, 1, 0],
    ]);
    expect(things[0]).toMatchObject(still);
    expect(things[1]).toMatchObject({ ...still, goes: true });
  });

  it("has the mean of what a thing's words say", () => {
    const half = { isThing: 1, goes: -3, recolors: 3, mirrors: 1, poses: -2, logScale: 0.4, lift: 0.2 };
    const { things } = changes(half, {
      isThing: 1,
      goes: 2,
      recolors: -1,
      mirrors: -2,
      poses: 3,
      logScale: 0.2,
      lift: 0.1,
    });
    expect(things).toHaveLength(1);
    expect(things[0]).toMatchObject({ goes: false, recolors: true, mirrors: false, poses: true });
    expect(things[0].scale).toBeCloseTo(Math.exp(0.3), 5);
    expect(things[0].lift).toBeCloseTo(0.15, 5);
  });

  it("takes little for nothing, and no more than a picture has room for", () => {
    expect(changes({ isThing: 1, logScale: -0.09, lift: 0.03 }).things[0]).toMatchObject(still);
    const [far] = changes({ isThing: 1, logScale: 99, lift: -99 }).things;
    expect(far.scale).toBeCloseTo(Math.exp(2), 5);
    expect(far.lift).toBe(-1);
  });

  it("has the words for a color of each thing, the first after its own, and whether the rest stays by what all things' words say", () => {
    const { things, restStays } = changes(
      { isThing: 1, restStays: 3 },
      {},
      { isColor: 1 },
      { isThing: 1, restStays: -2 },
    );
    const colors = ({ color }: (typeof things)[number]) => Array.from(color);
    // Of the second, after which no color is named, whatever is.
    expect(things.map(colors)).toEqual([
      [0, 0, 0, 1, 0, 0],
      [0, 0, 0, 1, 0, 0],
    ]);
    const two = changes({ isThing: 1 }, { isColor: 1 }, {}, { isThing: 1 }, { isColor: 1 }).things;
    expect(two.map(colors)).toEqual([
      [0, 0, 1, 0, 0, 0],
      [0, 0, 0, 0, 0, 1],
    ]);
    expect(restStays).toBe(true);
    expect(changes({ isThing: 1, restStays: -3 }).restStays).toBe(false);
    expect(changes({}).restStays).toBe(false);
  });

  it("has the longest run of words for something new, its backdrop, and the words for what it is put beside", () => {
    const { fresh, beside, restStays } = changes(
      { isNew: 1, onFirst: 5 },
      {},
      { isNew: 1, onFirst: -2, restStays: 1 },
      { isNew: 1, onFirst: 1 },
      { isBeside: 1 },
    );
    expect(fresh).toEqual({ from: 3, to: 5, onFirst: false });
    expect(Array.from(beside!)).toEqual([0, 0, 0, 0, 0, 1]);
    expect(restStays).toBe(false);
    expect(changes({ isNew: 1, restStays: 1 })).toMatchObject({ fresh: { from: 1, to: 2 }, restStays: true });
    expect(changes({})).toMatchObject({ fresh: undefined, beside: undefined });
  });
});
