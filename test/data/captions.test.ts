import { expect, describe as group, it } from "vitest";
import { backgroundPlaces } from "../../src/data/backgrounds.ts";
import { describe } from "../../src/data/captions.ts";
import {
  boxOf,
  COLOR_NAMES,
  caption,
  isGenEvalPrompt,
  OBJECT_NAMES,
  planScene,
  type Scene,
  type SceneObject,
} from "../../src/data/index.ts";
import { OBJECTS } from "../../src/data/objects.ts";
import { Random } from "../../src/random.ts";
import { manyScenes } from "./scenes.ts";

/** Object names and their plurals, longest first, so that "teddy bear" is read before "bear". */
const NOUNS = OBJECT_NAMES.flatMap((name) => [
  { name, text: name },
  { name, text: OBJECTS[name].plural ?? `${name}s` },
]).sort((a, b) => b.text.length - a.text.length);
const NOUN = NOUNS.map(({ text }) => text).join("|");
const THING = `(?:an? |pair of |large |small |two |three |four )*(?:(${COLOR_NAMES.join("|")}) )?(${NOUN})`;
const nameFor = (text: string) => NOUNS.find((noun) => noun.text === text)!.name;

/** Removes what is said of the background and style, which has colours and tables of its own. */
function withoutBackground(text: string, scene: Scene): string {
  const places = [...backgroundPlaces(scene.background)].sort((a, b) => b.length - a.length);
  const place = places.find((words) => text.includes(words));
  return (place === undefined ? text : text.replace(place, "")).replace(/ in (emoji|glossy|flat) style/, "");
}

function direction(a: SceneObject, b: SceneObject): { [words: string]: boolean } {
  const [first, second] = [boxOf(a), boxOf(b)];
  const dx = (first.left + first.right - second.left - second.right) / 2;
  const dy = (first.top + first.bottom - second.top - second.bottom) / 2;
  const far = 0.5 * Math.hypot(dx, dy);
  return { left: -dx > far, right: dx > far, above: -dy > far, below: dy > far };
}

/** Reads a caption on its own, and checks every statement in it against the scene. */
function check(text: string, scene: Scene): void {
  const { objects } = scene;
  const words = withoutBackground(text, scene);
  const only = (name: string) => objects.find((object) => object.name === name)!;

  const relation = new RegExp(
    `${THING} (?:is |are )?(?:to the )?(left|right|above|below)(?: of)? (?:the )?${THING}`,
    "i",
  ).exec(words);
  if (relation !== null) {
    const [, , a, way, , b] = relation;
    expect(direction(only(nameFor(a)), only(nameFor(b)))[way], text).toBe(true);
  }
  const read = [...words.matchAll(new RegExp(`\\b${THING}\\b`, "g"))].map((match) => ({
    color: match[1] ?? null,
    name: nameFor(match[2]),
  }));
  for (const { name, color } of read) {
    const colors = objects.filter((object) => object.name === name).map((object) => object.color);
    expect(colors, text).toContain(color);
  }
  expect(new Set(read.map(({ name }) => name)), text).toEqual(new Set(objects.map(({ name }) => name)));
  const number = /\b(two|three|four)\b/.exec(words);
  if (number !== null) expect(["two", "three", "four"].indexOf(number[1]) + 2, text).toBe(objects.length);
  else expect(new Set(objects.map(({ name }) => name)).size, text).toBe(objects.length);
}

group("caption", () => {
  it("says only what is true, and names everything", () => {
    const random = new Random(21);
    for (const scene of manyScenes(20, 900)) check(caption(random, scene), scene);
  });

  it("is never one of GenEval's prompts", () => {
    expect(isGenEvalPrompt("A photo of a bench.")).toBe(true);
    expect(isGenEvalPrompt("a photo of a bench on the grass")).toBe(false);
    const random = new Random(22);
    const texts = manyScenes(23, 1500, { heldOut: "any" }).map((scene) =>
      caption(random, scene, { background: "never" }),
    );
    expect(texts.filter((text) => text.startsWith("a photo of")).length).toBeGreaterThan(50);
    expect(texts.filter(isGenEvalPrompt)).toEqual([]);
  });

  it("names the background always, never or sometimes", () => {
    const random = new Random(24);
    const scenes = manyScenes(25, 150, { tasks: ["single_object", "two_object"], backgrounds: ["snow"] });
    const share = (background: "always" | "never" | "sometimes") =>
      scenes.filter((scene) => caption(random, scene, { background }).includes("in the snow")).length / scenes.length;
    expect(share("always")).toBe(1);
    expect(share("never")).toBe(0);
    expect(share("sometimes")).toBeGreaterThan(0.5);
    expect(share("sometimes")).toBeLessThan(0.9);
  });

  it("names two objects in the order in which they stand, unless it says how they stand", () => {
    const random = new Random(27);
    for (const scene of manyScenes(28, 60, { tasks: ["two_object", "color_attr"] })) {
      const text = caption(random, scene);
      if (text.includes("There is")) continue;
      const [first, second] = scene.objects.map(({ name }) => text.indexOf(name));
      expect(first, text).toBeLessThan(second);
    }
  });

  it("tells different objects in sentences, two of them now and then, in any order, with a relation or without", () => {
    const random = new Random(29);
    const pairs = manyScenes(30, 200, { tasks: ["two_object"] }).map((scene) => caption(random, scene));
    const inSentences = pairs.filter((text) => text.includes("There is")).length;
    expect(inSentences).toBeGreaterThan(20);
    expect(inSentences).toBeLessThan(100);
    for (const scene of manyScenes(32, 60, { tasks: ["dense"], denseObjects: [1, 2] })) {
      const text = caption(random, scene);
      expect(text).toContain("There is");
      check(text, scene);
    }
    const [scene] = manyScenes(31, 1, { tasks: ["dense"], tidy: true });
    const texts = Array.from({ length: 200 }, () => caption(random, scene));
    for (const text of texts) check(text, scene);
    const orders = new Set(
      texts.map((text) => [...text.matchAll(new RegExp(`There is ${THING}`, "g"))].map((match) => match[2]).join()),
    );
    expect(orders.size).toBeGreaterThan(4);
    const related = texts.filter((text) => /\b(left of|right of|above|below)\b/.test(text)).length;
    expect(related).toBeGreaterThan(60);
    expect(related).toBeLessThan(140);
  });

  it("tells two objects in a phrase alone where that is asked for", () => {
    const random = new Random(3);
    for (const scene of manyScenes(5, 300, { tasks: ["two_object", "color_attr", "position", "counting"] })) {
      const text = caption(random, scene, { sentences: false });
      expect(text).not.toMatch(/\. /);
      expect(text.split(" ").length).toBeLessThan(30);
    }
  });

  it("comes in many forms, the short ones too", () => {
    const scene: Scene = {
      task: "colors",
      objects: [
        { name: "car", icon: "noto:automobile", style: "emoji", color: "red", size: 0.5, x: 0.5, y: 0.6, flip: false },
      ],
      background: { kind: "grass", horizon: 0.5 },
    };
    const random = new Random(26);
    const forms = new Set(Array.from({ length: 600 }, () => caption(random, scene)));
    for (const form of [
      "a red car",
      "red car",
      "a red car on the grass",
      "a picture of a red car on the grass under a blue sky",
    ]) {
      expect(forms).toContain(form);
    }
    expect(forms).not.toContain("a photo of a car");
  });
});

group("describe", () => {
  it("is true, and always the same", () => {
    for (const scene of manyScenes(30, 400)) {
      check(describe(scene), scene);
      expect(describe(scene)).toBe(describe(structuredClone(scene)));
      expect(describe(scene)).toContain(backgroundPlaces(scene.background)[0]);
    }
  });

  it("stays within 60 words", () => {
    for (const scene of manyScenes(31, 200, { tasks: ["dense"] })) {
      expect(describe(scene).split(" ").length).toBeLessThanOrEqual(60);
    }
  });

  it("says no colour that a filter took away", () => {
    const scene = planScene(new Random(32), { tasks: ["colors"], objects: ["dog"] });
    expect(describe({ ...scene, filter: "sepia" })).toBe("a sepia picture of a dog");
  });

  it("describes an empty picture by its background", () => {
    expect(describe({ task: "colors", objects: [], background: { kind: "plain", color: "red" } })).toBe(
      "a picture of a plain red background",
    );
  });
});
