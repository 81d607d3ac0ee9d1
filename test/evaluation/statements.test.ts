import { describe, expect, it } from "vitest";
import { backgroundPlaces } from "../../src/data/backgrounds.ts";
import { describeInStatements, planScene, type Statement } from "../../src/data/index.ts";
import { type Sighting, sightingOf } from "../../src/evaluation/sighting.ts";
import { statementsThatHold } from "../../src/evaluation/statements.ts";
import { Random } from "../../src/random.ts";

const random = new Random(6);
const tasks = Array.from({ length: 60 }, () => {
  const scene = planScene(random, { tasks: ["dense"], heldOut: "any" });
  return { scene, ...describeInStatements(scene, backgroundPlaces(scene.background)[0]) };
});

/** The statements that do not hold of a picture. */
const broken = ({ scene, statements }: (typeof tasks)[number], sighting: Sighting): Statement[] => {
  const isTrue = statementsThatHold(scene, statements, sighting);
  return statements.filter((_, i) => !isTrue[i]);
};

describe("statements", () => {
  it("all hold of the scene that they describe", () => {
    for (const task of tasks) expect(broken(task, sightingOf(task.scene)), task.text).toEqual([]);
    const abouts = new Set(tasks.flatMap(({ statements }) => statements.map(({ about }) => about)));
    expect(abouts.size).toBe(7);
  });

  it("about an object that is not there fail all together, and no others", () => {
    for (const task of tasks) {
      const sighting = sightingOf(task.scene);
      const [gone] = sighting.objects.splice(1, 1);
      const failed = broken(task, sighting);
      const about = task.statements.filter(
        (statement) =>
          ("object" in statement && statement.object === 1) || ("other" in statement && statement.other === 1),
      );
      expect(failed, gone.object).toEqual(about);
    }
  });

  it("about a colour fail where it is another, and those about a background with it", () => {
    for (const task of tasks) {
      const sighting = sightingOf(task.scene);
      for (const each of sighting.objects) each.color = each.color === "red" ? "blue" : "red";
      expect(new Set(broken(task, sighting).map(({ about }) => about))).toEqual(
        new Set(task.scene.objects.some(({ color }) => color !== null) ? ["color"] : []),
      );
      const elsewhere = sightingOf(task.scene);
      elsewhere.background = { kind: "elsewhere", color: task.scene.background.color ?? null, secondColor: null };
      const about = task.statements.filter((each) => each.about.startsWith("background"));
      expect(broken(task, elsewhere)).toEqual(about);
    }
  });

  it("about size and place bear some error of the box, and fail for another size or place", () => {
    for (const task of tasks) {
      const moved = (shift: number, scale: number) => {
        const sighting = sightingOf(task.scene);
        for (const each of sighting.objects) {
          const { left, top, right, bottom } = each.box;
          const [x, y] = [(left + right) / 2 + shift, (top + bottom) / 2];
          const [w, h] = [((right - left) * scale) / 2, ((bottom - top) * scale) / 2];
          each.box = { left: x - w, top: y - h, right: x + w, bottom: y + h };
        }
        return new Set(broken(task, sighting).map(({ about }) => about));
      };
      // A relation may hold by a hair, and a larger box has a larger margin to clear.
      expect(new Set([...moved(0.02, 1.05)].filter((about) => about !== "relation"))).toEqual(new Set());
      if (task.statements.some((each) => each.about === "size" && each.size === "small")) {
        expect(moved(0, 1.6).has("size")).toBe(true);
      }
      expect(moved(0.5, 1).has("place")).toBe(true);
    }
  });
});
