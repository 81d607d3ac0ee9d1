import { describe, expect, it } from "vitest";
import { boxOf, planScene, type Scene } from "../../../src/data/index.ts";
import { decode } from "../../../src/evaluation/detector/decode.ts";
import { detectorBatch } from "../../../src/evaluation/detector/samples.ts";
import { detectorTargets } from "../../../src/evaluation/detector/targets.ts";
import { DETECTOR } from "../../../src/evaluation/detector/train.ts";
import { Random } from "../../../src/random.ts";

const CELLS = 16 * 16;
const random = new Random(5);
const scenes = Array.from({ length: 40 }, () => planScene(random, { heldOut: "any" }));
const targets = detectorTargets(new Random(1), DETECTOR, scenes);
const numbers = (name: string): number[] => Array.from(targets[name].data, Number);

describe("a detector's targets", () => {
  it("read back as the scenes that they were made of", () => {
    scenes.forEach((scene, picture) => {
      const rows = numbers("rows");
      const object = new Float32Array(CELLS * DETECTOR.objects.length);
      const color = new Float32Array(CELLS * DETECTOR.colors.length);
      const painted = new Float32Array(CELLS);
      const box = new Float32Array(CELLS * 4);
      // Centres last, so that they win where the cell near an object is the centre of another.
      const order = rows.map((_, i) => i).sort((a, b) => (b % 2) - (a % 2));
      for (const i of order) {
        const cell = rows[i] - picture * CELLS;
        if (cell < 0 || cell >= CELLS) continue;
        object.fill(0, cell * 80, (cell + 1) * 80);
        object[cell * 80 + numbers("object")[i]] = 1;
        color.fill(0, cell * 10, (cell + 1) * 10);
        color[cell * 10 + numbers("color")[i]] = 1;
        painted[cell] = numbers("painted")[i];
        box.set(numbers("box").slice(i * 4, i * 4 + 4), cell * 4);
      }
      // Bumps around centres are high without being centres: only those count here.
      const heat = Float32Array.from(numbers("heat").slice(picture * CELLS, (picture + 1) * CELLS), (value) =>
        value === 1 ? 1 : 0,
      );
      const maps = { side: 16, heat, object, color, painted, box };
      const found = decode(maps, { objects: DETECTOR.objects, colors: DETECTOR.colors, leastScore: 0.5 });
      const sort = (names: string[]) => names.sort();
      expect(sort(found.map((each) => each.object))).toEqual(sort(scene.objects.map(({ name }) => name)));
      for (const each of scene.objects) {
        const own = boxOf(each);
        const match = found.find(
          ({ box: { left, top } }) => Math.abs(left - own.left) + Math.abs(top - own.top) < 1e-4,
        )!;
        expect(match.box.right).toBeCloseTo(own.right, 4);
        expect(match.box.bottom).toBeCloseTo(own.bottom, 4);
        expect(match.painted).toBe(each.color === null ? 0 : 1);
        if (each.color !== null) expect(match.color).toBe(each.color);
      }
    });
  });

  it("fall off around centres, and are nothing in empty pictures", () => {
    const heat = numbers("heat");
    expect(Math.max(...heat)).toBe(1);
    expect(heat.filter((value) => value === 1).length).toBe(
      scenes.reduce((sum, { objects }) => sum + objects.length, 0),
    );
    const empty: Scene = { ...scenes[0], objects: [] };
    const none = detectorTargets(new Random(1), DETECTOR, [empty]);
    expect(Math.max(...(none.heat.data as Float32Array))).toBe(0);
    expect(none.rows.shape).toEqual([0]);
    expect(none.box.shape).toEqual([0, 4]);
  });

  it("tell the background and its colours, or that it has none", () => {
    scenes.forEach(({ background }, i) => {
      expect(DETECTOR.backgrounds[numbers("background")[i]]).toBe(background.kind);
      expect(DETECTOR.background_colors[numbers("background_color")[i]]).toBe(background.color);
      expect(DETECTOR.background_colors[numbers("second_color")[i]]).toBe(background.secondColor);
    });
  });
});

it("makes the same batch for the same seed and step, and another for another", async () => {
  const batch = async (seed: number, step: number) => (await detectorBatch(DETECTOR, 3, seed, step)).pixels.data;
  const first = await batch(1, 7);
  expect(await batch(1, 7)).toEqual(first);
  expect(await batch(1, 8)).not.toEqual(first);
  expect(await batch(2, 7)).not.toEqual(first);
});
