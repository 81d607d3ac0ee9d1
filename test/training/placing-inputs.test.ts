import { describe, expect, it } from "vitest";
import { drawScene } from "../../src/data/draw.ts";
import { boxOf, type Edit, newThing, planEdit } from "../../src/data/index.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { traceDrawing } from "../../src/training/joint-program.ts";
import { placingInputs, standElsewhere } from "../../src/training/placing-inputs.ts";
import { editing, tinyModel, trainEdits } from "./train-edits.ts";

const mar = { ...tinyModel.mar, source_tokens: true, source_pixels: true, placed_pixels: true };
const config = { ...tinyModel, mar };
const SIZE = 64;
const large = { ...config, mar: { ...mar, img_size: SIZE } };
const edit = (type: Edit["type"], seed = 1): Edit => planEdit(new Random(seed), { types: [type], styles: ["emoji"] });
const inputs = (edits: readonly (Edit | undefined)[], of = large) => placingInputs(of, edits, edits, new Random(1));
const numbers = (array: { data: ArrayLike<number | bigint> }) => Array.from(array.data, Number);

describe("placingInputs", () => {
  it("are none where a model puts nothing in its place", () => {
    expect(placingInputs(tinyModel, [edit("add")], [edit("add")], new Random(1))).toEqual({});
  });

  it("say what is known, and nothing of an edit of which nothing is", () => {
    const { boxes, facts, placed } = inputs([edit("add"), edit("remove"), undefined]);
    expect(numbers(facts).filter((_, i) => i % 5 < 3)).toEqual([1, 1, 0, 1, 0, 0, 0, 0, 0]);
    // Of what nothing is put, what is drawn always shows.
    expect(numbers(facts).filter((_, i) => i > 5 && i % 5 === 4)).toEqual([1, 1]);
    const to = boxOf(newThing(edit("add"))!);
    [to.left, to.top, to.right, to.bottom].forEach((edge, i) => {
      expect(numbers(boxes)[4 + i]).toBeCloseTo(edge, 6);
    });
    expect(
      numbers(boxes)
        .slice(8)
        .every((value) => value === 0),
    ).toBe(true);
    expect(placed.shape).toEqual([3, 4, SIZE, SIZE]);
    const planes = numbers(placed);
    expect(planes.slice(planes.length / 3).every((value) => value === 0)).toBe(true);
  });

  it("put what is new about where the target shows it, in its own colors", () => {
    let [near, count] = [0, 0];
    for (let seed = 1; seed <= 20; seed++) {
      const one = edit("add", seed);
      const { placed } = inputs([one]);
      const planes = numbers(placed);
      const [source, target] = [one.source, one.target].map((scene) => drawScene(scene, SIZE));
      for (let pixel = 0; pixel < SIZE * SIZE; pixel++) {
        const apart = (other: (channel: number) => number) =>
          Math.max(...[0, 1, 2].map((channel) => Math.abs(target[pixel * 3 + channel] - other(channel))));
        // Where the new thing covers what was there.
        if (apart((channel) => source[pixel * 3 + channel]) < 100) continue;
        count++;
        if (apart((channel) => (planes[channel * SIZE * SIZE + pixel] + 1) * 127.5) < 60) near++;
      }
    }
    expect(count).toBeGreaterThan(2000);
    expect(near / count).toBeGreaterThan(0.6);
  });

  it("tell what is there already by another mark", () => {
    const resized = Array.from({ length: 30 }, (_, i) => edit("adjust", i)).find(({ instruction }) =>
      /smaller/.test(instruction),
    )!;
    const marks = new Set(numbers(inputs([resized]).placed).slice(3 * SIZE * SIZE));
    expect([...marks].sort()).toEqual([-1, 0]);
    expect(numbers(inputs([resized]).facts).slice(0, 4)).toEqual([1, 1, 1, 0]);
  });

  it("show half of what is put somewhere as if nothing had been drawn there", () => {
    const adds = Array.from({ length: 60 }, (_, i) => edit("add", i));
    const drawn = numbers(inputs(adds).facts).filter((_, i) => i % 5 === 4);
    const share = drawn.reduce((a, b) => a + b, 0) / drawn.length;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
  });

  it("have where it is to go, and put it where it is shown", () => {
    const one = edit("add");
    const shown = standElsewhere(large, one, new Random(3));
    const [there, moved] = [inputs([one]), placingInputs(large, [one], [shown], new Random(1))];
    expect(moved.boxes).toEqual(there.boxes);
    expect(moved.placed).not.toEqual(there.placed);
  });
});

describe("standElsewhere", () => {
  it("moves what is new a little, within the picture, and nothing else", () => {
    let farthest = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const one = edit(seed % 2 ? "add" : "replace", seed);
      const { target, ...rest } = standElsewhere(large, one, new Random(seed));
      expect(rest).toEqual({
        type: one.type,
        source: one.source,
        instruction: one.instruction,
        ...(one.placement && { placement: one.placement }),
      });
      const [before, after] = [newThing(one)!, newThing({ source: one.source, target })!];
      expect({ ...after, x: 0, y: 0, size: 0 }).toEqual({ ...before, x: 0, y: 0, size: 0 });
      expect(target.objects.filter((object) => object !== after)).toEqual(
        one.target.objects.filter((object) => object !== before),
      );
      const box = boxOf(after);
      expect(Math.min(box.left, box.top, 1 - box.right, 1 - box.bottom)).toBeGreaterThan(-1e-9);
      farthest = Math.max(farthest, Math.hypot(after.x - before.x, after.y - before.y));
      // The edit that is asked for is left as it was.
      expect(newThing(one)).toEqual(newThing(edit(seed % 2 ? "add" : "replace", seed)));
    }
    expect(farthest).toBeGreaterThan(0.05);
    expect(farthest).toBeLessThan(0.35);
  });

  it("leaves an edit that brings nothing, and every edit of a model that puts nothing in its place", () => {
    const [turned, added] = [edit("remove"), edit("add")];
    expect(standElsewhere(large, turned, new Random(1))).toBe(turned);
    expect(standElsewhere(tinyModel, added, new Random(1))).toBe(added);
  });
});

it("teaches where things go, beside the other losses", async () => {
  const steps = await trainEdits(config, { trains: "mar.source_pixels.", steps: 40, rate: 0.003, repeats: 0 });
  for (const { total, diffusion, change, ...own } of steps) {
    const { keeping, painting, placing, naming } = own;
    expect(total).toBeCloseTo(diffusion + 0.5 * change + 0.2 * (keeping + painting + placing + naming), 4);
  }
  expect(steps[39].placing).toBeLessThan(0.3 * steps[0].placing);
});

it("has no such loss where nothing is put in its place", () => {
  const keeping = { ...config, mar: { ...mar, placed_pixels: false } };
  expect(traceDrawing(Scope.root(), keeping, "editing", editing).placing).toBeUndefined();
});
