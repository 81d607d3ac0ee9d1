import { expect, it } from "vitest";
import { drawScene, planScene } from "../../src/data/index.ts";
import { Random } from "../../src/random.ts";
import { drawAlone } from "../../src/training/draw-alone.ts";

const SIDE = 32;

it("has an object's own colors, and how much of every pixel is its: what it looks like on any ground", () => {
  const random = new Random(3);
  for (let i = 0; i < 20; i++) {
    const scene = planScene(random, { tasks: ["single_object", "colors"], backgrounds: ["plain"] });
    const { share, colors } = drawAlone(scene.objects[0], SIDE);
    const [whole, ground] = [drawScene(scene, SIDE), drawScene({ ...scene, objects: [] }, SIDE)];
    expect(share.some((own) => own === 1)).toBe(true);
    whole.forEach((level, at) => {
      const own = share[Math.floor(at / 3)];
      expect(Math.abs(colors[at] * own + ground[at] * (1 - own) - level)).toBeLessThanOrEqual(3);
      if (own === 0) expect(colors[at]).toBe(0);
    });
  }
});
