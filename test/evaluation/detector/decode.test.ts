import { describe, expect, it } from "vitest";
import { type CellMaps, decode, overlap } from "../../../src/evaluation/detector/decode.ts";

const SIDE = 4;
const OBJECTS = ["cat", "dog"];
const COLORS = ["red", "blue", "green"];
const options = { objects: OBJECTS, colors: COLORS, leastScore: 0.3 };

interface Peak {
  cell: number;
  heat: number;
  object?: number;
  certainty?: number;
  color?: number;
  painted?: number;
  box?: [dx: number, dy: number, width: number, height: number];
}

/** Maps that are empty but for some cells. */
function maps(...peaks: Peak[]): CellMaps {
  const cells = SIDE * SIDE;
  const all: CellMaps = {
    side: SIDE,
    heat: new Float32Array(cells),
    object: new Float32Array(cells * 2).fill(0.5),
    color: new Float32Array(cells * 3).fill(1 / 3),
    painted: new Float32Array(cells),
    box: new Float32Array(cells * 4),
  };
  for (const { cell, heat, object = 0, certainty = 1, color = 0, painted = 1, box = [0, 0, 1, 1] } of peaks) {
    all.heat[cell] = heat;
    all.object.set(object === 0 ? [certainty, 1 - certainty] : [1 - certainty, certainty], cell * 2);
    all.color.set([0.1, 0.1, 0.1], cell * 3);
    all.color[cell * 3 + color] = 0.8;
    all.painted[cell] = painted;
    all.box.set([box[0], box[1], Math.log(box[2]), Math.log(box[3])], cell * 4);
  }
  return all;
}

describe("decoding", () => {
  it("reads name, colour, paint and box at a peak, in shares of the picture", () => {
    // Row 1, column 2: its middle lies at (2.5, 1.5) of 4 cells.
    const peak = { cell: 6, heat: 0.8, object: 1, certainty: 0.9, color: 2, painted: 0.25, box: [0.5, -0.5, 1, 2] };
    const [found, ...rest] = decode(maps(peak as Peak), options);
    expect(rest).toEqual([]);
    expect(found).toMatchObject({ object: "dog", color: "green", painted: 0.25 });
    expect(found.score).toBeCloseTo(0.72, 6);
    const expected = { left: 0.625, right: 0.875, top: 0, bottom: 0.5 };
    for (const [side, at] of Object.entries(expected)) expect(found.box[side as "left"]).toBeCloseTo(at, 6);
  });

  it("finds several objects, the surest first, and leaves out what is not sure enough", () => {
    const found = decode(
      maps(
        { cell: 0, heat: 0.5 },
        { cell: 15, heat: 0.9 },
        { cell: 3, heat: 0.2 },
        { cell: 12, heat: 0.5, certainty: 0.55 },
      ),
      options,
    );
    expect(found.map(({ score }) => Number(score.toFixed(3)))).toEqual([0.9, 0.5]);
  });

  it("takes the highest of neighbouring cells for the centre, and the first of equal ones", () => {
    expect(decode(maps({ cell: 5, heat: 0.8 }, { cell: 6, heat: 0.9 }), options).length).toBe(1);
    expect(decode(maps({ cell: 5, heat: 0.8 }, { cell: 6, heat: 0.8, object: 1 }), options)).toMatchObject([
      { object: "cat" },
    ]);
    // At the ends of neighbouring rows lie cells that are no neighbours.
    expect(decode(maps({ cell: 3, heat: 0.8 }, { cell: 4, heat: 0.9 }), options).length).toBe(2);
  });

  it("counts an object once where two peaks give it nearly the same box", () => {
    const box: Peak["box"] = [0, 0, 4, 4];
    const twice = maps({ cell: 5, heat: 0.9, box }, { cell: 7, heat: 0.8, box: [-2, 0, 4, 4] });
    expect(decode(twice, options).length).toBe(1);
    expect(decode(maps({ cell: 5, heat: 0.9 }, { cell: 7, heat: 0.8 }), options).length).toBe(2);
  });
});

it("measures overlap as intersection over union", () => {
  const unit = { left: 0, top: 0, right: 1, bottom: 1 };
  expect(overlap(unit, unit)).toBe(1);
  expect(overlap(unit, { left: 0.5, top: 0, right: 1.5, bottom: 1 })).toBeCloseTo(1 / 3, 12);
  expect(overlap(unit, { left: 1, top: 0, right: 2, bottom: 1 })).toBe(0);
});
