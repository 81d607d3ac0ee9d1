import { describe, expect, it } from "vitest";
import { iconSvg } from "../../src/data/icons.ts";
import {
  BACKGROUND_KINDS,
  boxOf,
  isHeldOut,
  OBJECT_NAMES,
  planScene,
  relationsBetween,
  type Scene,
  sizesFor,
  TASKS,
} from "../../src/data/index.ts";
import { iconId, OBJECTS, STYLES } from "../../src/data/objects.ts";
import { POSES } from "../../src/data/poses.ts";
import { UserError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { manyScenes } from "./scenes.ts";

/** GenEval's rule, written down a second time from its text: centres, margin of a tenth of both sides, direction above one half. */
function holds(scene: Scene, axis: "x" | "y"): number {
  const [a, b] = scene.objects.map(boxOf);
  const center = (box: typeof a) => ({ x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 });
  const side = (box: typeof a) => ({ x: box.right - box.left, y: box.bottom - box.top });
  const offset = { x: center(a).x - center(b).x, y: center(a).y - center(b).y };
  const margin = 0.1 * (side(a)[axis] + side(b)[axis]);
  const beyond = Math.sign(offset[axis]) * Math.max(0, Math.abs(offset[axis]) - margin);
  return beyond / Math.hypot(offset.x, offset.y);
}

describe("the objects", () => {
  it("are GenEval's 80", () => {
    expect(new Set(OBJECT_NAMES).size).toBe(80);
  });

  it("have an icon in every style", () => {
    const icons = [
      ...Object.values(OBJECTS).map((kind) => kind.icon),
      ...POSES.flatMap((kind) => Object.values(kind.poses)),
    ];
    for (const style of STYLES) for (const icon of icons) expect(iconSvg(iconId(icon, style))).toContain("<svg");
  });
});

describe("planScene", () => {
  it("gives the same scenes for the same seed, and others for another", () => {
    expect(manyScenes(11, 50)).toEqual(manyScenes(11, 50));
    expect(manyScenes(11, 50)).not.toEqual(manyScenes(12, 50));
  });

  it("is plain data", () => {
    for (const scene of manyScenes(1, 30)) expect(JSON.parse(JSON.stringify(scene))).toEqual(scene);
  });

  it("keeps objects inside the frame, apart, and on the ground", () => {
    for (const scene of manyScenes(2, 700)) {
      const boxes = scene.objects.map(boxOf);
      for (const [index, box] of boxes.entries()) {
        expect(Math.min(box.left, box.top, 1 - box.right, 1 - box.bottom)).toBeGreaterThan(0.01);
        if (scene.background.horizon !== undefined) expect(box.bottom).toBeGreaterThan(scene.background.horizon);
        for (const other of boxes.slice(index + 1)) {
          const width = Math.min(box.right, other.right) - Math.max(box.left, other.left);
          const height = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
          expect(width > 0 && height > 0).toBe(false);
        }
      }
    }
  });

  it("shows what each task is about", () => {
    for (const task of TASKS) {
      for (const { objects, ...scene } of manyScenes(3, 60, { tasks: [task] })) {
        const names = new Set(objects.map((object) => object.name));
        const colored = objects.filter((object) => object.color !== null).length;
        if (task === "single_object") expect([objects.length, colored]).toEqual([1, 0]);
        if (task === "colors") expect([objects.length, colored]).toEqual([1, 1]);
        if (task === "two_object") expect([objects.length, names.size, colored]).toEqual([2, 2, 0]);
        if (task === "color_attr")
          expect([names.size, new Set(objects.map((o) => o.color)).size, colored]).toEqual([2, 2, 2]);
        if (task === "counting") {
          expect(names.size).toBe(1);
          expect([2, 3, 4]).toContain(objects.length);
        }
        if (task === "dense") expect([3, 4]).toContain(names.size);
        if (task === "position") {
          const whole = { objects, ...scene };
          expect(Math.max(Math.abs(holds(whole, "x")), Math.abs(holds(whole, "y")))).toBeGreaterThan(0.5);
        }
      }
    }
  });

  it("leaves held-out combinations to the tests that ask for them", () => {
    expect(manyScenes(4, 400).some(isHeldOut)).toBe(false);
    expect(manyScenes(4, 200, { heldOut: "only" }).every(isHeldOut)).toBe(true);
    const share = manyScenes(4, 2000, { tasks: ["colors"], heldOut: "any" }).filter(isHeldOut).length / 2000;
    expect(share).toBeGreaterThan(0.05);
    expect(share).toBeLessThan(0.15);
  });

  it("holds a relation out whichever way round it is said", () => {
    const [scene] = manyScenes(5, 1, { tasks: ["position"], heldOut: "only" });
    expect(isHeldOut({ ...scene, objects: scene.objects.toReversed() })).toBe(true);
  });

  it("draws from what the options allow, all of it", () => {
    const scenes = manyScenes(6, 400, {
      tasks: ["single_object", "colors"],
      objects: ["car", "dog"],
      styles: ["flat"],
      backgrounds: ["plain", "snow"],
      colors: ["red", "blue"],
      sizes: [0.5, 0.6],
      jitter: 0,
    });
    const seen = (values: unknown[]) => [...new Set(values)].sort();
    const objects = scenes.flatMap((scene) => scene.objects);
    expect(seen(objects.map((object) => object.name))).toEqual(["car", "dog"]);
    expect(seen(objects.map((object) => object.style))).toEqual(["flat"]);
    expect(seen(objects.map((object) => object.x))).toEqual([0.5]);
    expect(seen(scenes.map((scene) => scene.background.kind))).toEqual(["plain", "snow"]);
    for (const { size, color } of objects) {
      expect(size).toBeGreaterThanOrEqual(0.5);
      expect(size).toBeLessThanOrEqual(0.6);
      expect([null, "red", "blue"]).toContain(color);
    }
  });

  it("takes sizes task by task", () => {
    const scenes = manyScenes(9, 120, {
      tasks: ["single_object", "counting", "position"],
      sizes: { single_object: [0.7, 0.72], counting: [0.2, 0.21] },
    });
    const sizes = (task: string) => scenes.filter((scene) => scene.task === task).flatMap(({ objects }) => objects);
    for (const { size } of sizes("single_object")) expect(Math.abs(size - 0.71)).toBeLessThan(0.011);
    for (const { size } of sizes("counting")) expect(Math.abs(size - 0.205)).toBeLessThan(0.006);
    // What is not named has sizes of its own.
    expect(Math.max(...sizes("position").map(({ size }) => size))).toBeGreaterThan(0.3);
    expect(sizesFor("colors", [0.7, 0.8])).toEqual([0.7, 0.8]);
    expect(sizesFor("counting", [0.7, 0.8])).toBeUndefined();
    expect(sizesFor("counting", { counting: [0.2, 0.3] })).toEqual({ counting: [0.2, 0.3] });
  });

  it("arranges several objects in one way for their number when they are to be tidy", () => {
    const tidy = manyScenes(10, 200, {
      tasks: ["two_object", "counting"],
      jitter: 0,
      tidy: true,
      backgrounds: ["plain"],
    });
    const seen = new Map<number, Set<string>>();
    for (const { objects } of tidy) {
      // Whatever an object's shape, it is in the middle of its cell and stands on the cell's floor.
      const spots = objects.map((object) => `${object.x} over ${boxOf(object).bottom.toFixed(3)}`);
      const places = seen.get(objects.length) ?? new Set();
      seen.set(objects.length, places.add(spots.join(", ")));
      for (const { size } of objects) expect(size).toBeLessThanOrEqual(0.43);
    }
    const above = "0.25 over 0.465, 0.75 over 0.465";
    expect(seen.get(2)).toEqual(new Set(["0.25 over 0.715, 0.75 over 0.715"]));
    expect(seen.get(3)).toEqual(new Set([`${above}, 0.5 over 0.965`]));
    expect(seen.get(4)).toEqual(new Set([`${above}, 0.25 over 0.965, 0.75 over 0.965`]));
    // Relations are shown as they are said.
    const relations = manyScenes(11, 80, { tasks: ["position"], jitter: 0, tidy: true });
    const upright = relations.filter(({ objects: [a, b] }) => relationsBetween(boxOf(a), boxOf(b)).includes("above"));
    expect(upright.length).toBeGreaterThan(5);
  });

  it("gives dense scenes as many objects as asked for, each in a cell of the grid when they are to be tidy", () => {
    const scattered = manyScenes(12, 200, { tasks: ["dense"], denseObjects: [1, 3], tidy: true, heldOut: "any" });
    const cells = new Set<number>();
    for (const { objects } of scattered) {
      const own = objects.map((object) => {
        const { top, bottom } = boxOf(object);
        return (object.x > 0.5 ? 1 : 0) + ((top + bottom) / 2 > 0.5 ? 2 : 0);
      });
      expect(new Set(own).size).toBe(objects.length);
      for (const object of objects) expect([0.25, 0.75]).toContain(object.x);
      for (const cell of own) cells.add(cell);
    }
    expect(new Set(scattered.map(({ objects }) => objects.length))).toEqual(new Set([1, 2, 3]));
    expect(cells.size).toBe(4);
    const anywhere = manyScenes(13, 40, { tasks: ["dense"], denseObjects: [2, 2] });
    expect(new Set(anywhere.map(({ objects }) => objects.length))).toEqual(new Set([2]));
    const alone = { tasks: ["dense"], objects: ["car"], heldOut: "any" } as const;
    expect(planScene(new Random(1), { ...alone, denseObjects: [1, 1] }).objects[0].name).toBe("car");
    expect(() => planScene(new Random(1), { ...alone, denseObjects: [1, 2] })).toThrow("at least 2 different objects");
    expect(new Set(anywhere.map(({ objects }) => objects[0].x)).size).toBeGreaterThan(20);
  });

  it("takes jitter and the share of tidy scenes task by task", () => {
    const scenes = manyScenes(13, 300, {
      tasks: ["single_object", "colors", "two_object", "counting", "position"],
      jitter: { single_object: 0 },
      tidy: { counting: 1, position: 0.5 },
    });
    const of = (task: string) => scenes.filter((scene) => scene.task === task);
    const across = (task: string) => new Set(of(task).flatMap(({ objects }) => objects.map(({ x }) => x)));
    expect(across("single_object")).toEqual(new Set([0.5]));
    expect(across("counting")).toEqual(new Set([0.25, 0.5, 0.75]));
    // What is not named may be anywhere.
    expect(across("colors").size).toBeGreaterThan(20);
    expect(across("two_object").size).toBeGreaterThan(40);
    const onGrid = of("position").filter(({ objects }) => objects.every(({ x }) => [0.25, 0.5, 0.75].includes(x)));
    expect(onGrid.length / of("position").length).toBeGreaterThan(0.25);
    expect(onGrid.length / of("position").length).toBeLessThan(0.75);
  });

  it("paints the asked share of natural objects in all hues, and says no colour of them", () => {
    const scenes = manyScenes(12, 200, { tasks: ["single_object", "colors"], rainbow: 0.5 });
    const natural = scenes.filter(({ task }) => task === "single_object");
    const rainbows = natural.filter(({ objects: [object] }) => object.rainbow !== undefined);
    expect(rainbows.length / natural.length).toBeGreaterThan(0.35);
    expect(rainbows.length / natural.length).toBeLessThan(0.65);
    for (const { objects } of rainbows) {
      expect(objects[0].color).toBeNull();
      expect(objects[0].rainbow).toBeGreaterThanOrEqual(0);
      expect(objects[0].rainbow).toBeLessThan(1);
    }
    const others = scenes.filter(({ task }) => task === "colors");
    expect(others.every(({ objects }) => objects[0].rainbow === undefined)).toBe(true);
    expect(() => planScene(new Random(0), { rainbow: 2 })).toThrow(/rainbow/);
  });

  it("mirrors half of what may be mirrored, or nothing", () => {
    const flipped = (mirror?: boolean) =>
      manyScenes(8, 100, { tasks: ["single_object", "counting"], objects: ["dog"], mirror })
        .flatMap((scene) => scene.objects)
        .filter((object) => object.flip).length;
    expect(flipped()).toBeGreaterThan(50);
    expect(flipped(false)).toBe(0);
  });

  it("uses every background and can put an object anywhere", () => {
    const scenes = manyScenes(7, 600, { tasks: ["single_object"] });
    expect(new Set(scenes.map((scene) => scene.background.kind)).size).toBe(BACKGROUND_KINDS.length);
    const columns = scenes.map(({ objects: [object] }) => object.x);
    expect(Math.min(...columns)).toBeLessThan(0.3);
    expect(Math.max(...columns)).toBeGreaterThan(0.7);
  });

  it("says what is wrong with options", () => {
    const plan = (options: object) => () => planScene(new Random(1), options);
    expect(plan({ objects: ["unicorn"] })).toThrow(/"unicorn"/);
    expect(plan({ styles: [] })).toThrow(UserError);
    expect(plan({ tasks: ["two_object"], objects: ["car"] })).toThrow(/at least 2/);
    expect(plan({ sizes: [0.9, 0.2] })).toThrow(/Sizes/);
    expect(plan({ sizes: { counting: [0.9, 0.2] } })).toThrow(/Sizes.*for each task, not \[0.9,0.2\]/);
    expect(plan({ sizes: { counting: 0.2 } })).toThrow(/Sizes/);
    expect(plan({ sizes: { juggling: [0.1, 0.2] } })).toThrow(/"juggling"/);
    for (const range of [[0, 2], [3, 2], [1, 5], [1.5, 2], [2], 3]) {
      const known = `"denseObjects" must be two whole numbers with 1 <= least <= greatest <= 4, not ${JSON.stringify(range)}.`;
      expect(plan({ denseObjects: range as never })).toThrow(known);
    }
    expect(plan({ tidy: 1 })).toThrow(/tidy/);
    expect(plan({ jitter: 2 })).toThrow(/jitter/);
    expect(plan({ jitter: { counting: 2 } })).toThrow('for each task, not {"counting":2}');
    expect(plan({ jitter: [0, 1] })).toThrow("for each task, not [0,1]");
    expect(plan({ jitter: { count: 1 } })).toThrow('option "jitter" does not know "count"; it knows single_object');
    expect(plan({ tidy: { count: 1 } })).toThrow('option "tidy" does not know "count"; it knows single_object');
    expect(plan({ tidy: { counting: true } })).toThrow(/tidy/);
    expect(plan({ mirror: "no" })).toThrow(/mirror/);
    expect(plan({ tasks: ["single_object"], heldOut: "only" })).toThrow(/No scene fits/);
  });
});
