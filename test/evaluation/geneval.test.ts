import { describe, expect, it } from "vitest";
import { type Box, GENEVAL_PROMPTS, type GenEvalPrompt, isHeldOut } from "../../src/data/index.ts";
import { faultOf, sceneOf, type Wanted } from "../../src/evaluation/geneval.ts";
import { type Detection, type Sighting, sightingOf } from "../../src/evaluation/sighting.ts";
import { Random } from "../../src/random.ts";

/** An object of a tenth of the picture's side around a point. */
function at(object: string, x: number, y: number, more: Partial<Detection> = {}): Detection {
  const box: Box = { left: x - 0.05, top: y - 0.05, right: x + 0.05, bottom: y + 0.05 };
  return { object, score: 0.9, color: "red", painted: 1, box, ...more };
}

const seen = (...objects: Detection[]): Sighting => ({
  objects,
  background: { kind: "plain", color: "teal", secondColor: null },
});

const promptOf = (text: string): GenEvalPrompt => GENEVAL_PROMPTS.find(({ prompt }) => prompt === text)!;

describe("GenEval's rules", () => {
  it("ask for an object, whatever else there is", () => {
    const bench = promptOf("a photo of a bench");
    expect(faultOf(seen(at("cow", 0.2, 0.5), at("bench", 0.7, 0.5)), bench)).toBeUndefined();
    expect(faultOf(seen(at("bench", 0.2, 0.5), at("bench", 0.7, 0.5)), bench)).toBeUndefined();
    expect(faultOf(seen(at("cow", 0.2, 0.5)), bench)).toBe("0 of 1 bench");
    expect(faultOf(seen(), bench)).toBe("0 of 1 bench");
  });

  it("ask for neither fewer nor more than a number", () => {
    const clocks = promptOf("a photo of two clocks");
    const some = (count: number) => seen(...Array.from({ length: count }, (_, i) => at("clock", 0.1 + 0.2 * i, 0.5)));
    expect([1, 2, 3].map((count) => faultOf(some(count), clocks))).toEqual(["1 of 2 clock", undefined, "3 clock"]);
  });

  it("ask for the colour of the surest object of the name", () => {
    const hydrant = promptOf("a photo of a blue fire hydrant");
    const blue = at("fire hydrant", 0.2, 0.5, { color: "blue" });
    const green = at("fire hydrant", 0.7, 0.5, { color: "green" });
    expect(faultOf(seen(blue, green), hydrant)).toBeUndefined();
    expect(faultOf(seen(green, blue), hydrant)).toBe("fire hydrant is green, not blue");
  });

  it("ask for both of two colours, each on its own object", () => {
    const pair = promptOf("a photo of a purple wine glass and a black apple");
    const drawn = (glass: string, apple: string) =>
      seen(at("wine glass", 0.3, 0.5, { color: glass }), at("apple", 0.7, 0.5, { color: apple }));
    expect(faultOf(drawn("purple", "black"), pair)).toBeUndefined();
    expect(faultOf(drawn("black", "purple"), pair)).toMatch(/wine glass is black/);
    expect(faultOf(drawn("purple", "purple"), pair)).toMatch(/apple is purple/);
  });

  it("ask for a relation with its margin, of the second object to the first", () => {
    const rightOf = promptOf("a photo of a dog right of a teddy bear");
    const drawn = (x: number, y = 0.5) => seen(at("dog", x, y), at("teddy bear", 0.5, 0.5));
    expect(faultOf(drawn(0.8), rightOf)).toBeUndefined();
    expect(faultOf(drawn(0.2), rightOf)).toBe("dog is not right of teddy bear");
    // Diagonally both relations hold; nearly above, only one.
    expect(faultOf(drawn(0.7, 0.3), rightOf)).toBeUndefined();
    expect(faultOf(drawn(0.55, 0.2), rightOf)).toMatch(/not right of/);
    // Boxes that nearly cover each other: the centres lie 0.02 apart, the margin is a tenth of 0.2.
    expect(faultOf(drawn(0.52), rightOf)).toMatch(/not right of/);
    expect(faultOf(seen(at("dog", 0.8, 0.5)), rightOf)).toBe("0 of 1 teddy bear");
  });
});

describe("scenes for prompts", () => {
  it("show exactly what every category asks for, and are the same for the same seed", () => {
    for (const [i, prompt] of GENEVAL_PROMPTS.entries()) {
      if (i % 29 !== 0) continue;
      const scene = sceneOf(new Random(i), prompt, { styles: ["emoji"] });
      expect(faultOf(sightingOf(scene), prompt), prompt.prompt).toBeUndefined();
      const wanted = prompt.include.reduce((sum, { count }) => sum + count, 0);
      expect(scene.objects.length).toBe(wanted);
      expect(sceneOf(new Random(i), prompt, { styles: ["emoji"] })).toEqual(scene);
    }
  });

  it("may show held-out combinations, and say when a world has none", () => {
    const heldOut: Wanted = { tag: "colors", include: [{ object: "car", count: 1, color: "white" }], exclude: [] };
    const scene = sceneOf(new Random(1), heldOut);
    expect(scene.objects[0]).toMatchObject({ name: "car", color: "white" });
    expect(typeof isHeldOut(scene)).toBe("boolean");
    // White objects do not stand out from snow.
    expect(() => sceneOf(new Random(1), heldOut, { backgrounds: ["snow"] })).toThrow(/allow more/);
  });
});
