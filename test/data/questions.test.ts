import { describe, expect, it } from "vitest";
import { askQuestion, askQuestions, QUESTION_KINDS, type Scene, type SceneObject } from "../../src/data/index.ts";
import { OBJECTS } from "../../src/data/objects.ts";
import { Random } from "../../src/random.ts";
import { manyScenes } from "./scenes.ts";

const NUMBERS = ["zero", "one", "two", "three", "four"];

/** Answers a question by reading it, from the scene alone; undefined for questions that ask for free text. */
function answerTo(question: string, { objects }: Scene): string | undefined {
  const named = (name: string) => objects.filter((object) => object.name === name);
  const yes = (truth: boolean) => (truth ? "yes" : "no");

  const count = /^How many (.+) are there\?$/.exec(question);
  if (count !== null)
    return NUMBERS[objects.filter(({ name }) => (OBJECTS[name].plural ?? `${name}s`) === count[1]).length];

  const color = /^(?:What|Which) color (?:is|are) the (.+)\?$/.exec(question);
  if (color !== null) return String(named(color[1])[0].color);

  const relation = /^(?:Is|Are) the (.+) (to the left of|to the right of|above|below) the (.+)\?$/.exec(question);
  if (relation !== null) {
    const [a, b] = [named(relation[1])[0], named(relation[3])[0]];
    const toward = { "to the left of": b.x - a.x, "to the right of": a.x - b.x, above: b.y - a.y, below: a.y - b.y };
    return yes(toward[relation[2] as keyof typeof toward] > 0);
  }

  const there = /^Is there (?:an?) (?:pair of )?(.+)\?$/.exec(question);
  if (there !== null) return yes(objects.some(({ name, color }) => [name, `${color} ${name}`].includes(there[1])));

  const where = /^Where (?:is|are) the (.+)\?$/.exec(question);
  if (where !== null) return place(named(where[1])[0]);
  return undefined;
}

function place({ x, y }: SceneObject): string {
  const third = (value: number, names: string[]) => names[value < 0.38 ? 0 : value > 0.62 ? 2 : 1];
  const row = third(y, ["top", "", "bottom"]);
  const column = third(x, ["left", "", "right"]);
  if (row === "" && column === "") return "in the center";
  return row === "" ? `on the ${column}` : `at the ${row} ${column}`.trim();
}

describe("askQuestion", () => {
  it("gives true answers", () => {
    const random = new Random(51);
    let checked = 0;
    for (const scene of manyScenes(50, 1500)) {
      const { question, answer, kind } = askQuestion(random, scene);
      const expected = answerTo(question, scene);
      if (["describe", "what", "background"].includes(kind)) {
        expect(expected).toBeUndefined();
        continue;
      }
      expect(answer, question).toBe(expected);
      checked++;
    }
    expect(checked).toBeGreaterThan(600);
  });

  it("balances yes and no, for each kind of question", () => {
    const random = new Random(52);
    for (const kinds of [["is there"], ["relation"]] as const) {
      const answers = manyScenes(53, 800, { tasks: ["position", "color_attr"] }).map(
        (scene) => askQuestion(random, scene, { kinds }).answer,
      );
      const yes = answers.filter((answer) => answer === "yes").length;
      const no = answers.filter((answer) => answer === "no").length;
      expect(Math.abs(yes - no) / (yes + no)).toBeLessThan(0.1);
    }
  });

  it("asks every kind, and falls back on a description", () => {
    const random = new Random(54);
    const kinds = new Set(manyScenes(55, 500).map((scene) => askQuestion(random, scene).kind));
    expect(kinds).toEqual(new Set(QUESTION_KINDS));
    const [scene] = manyScenes(56, 1, { tasks: ["single_object"] });
    expect(askQuestion(random, scene, { kinds: ["color"] })).toMatchObject({ kind: "describe" });
  });

  it("says no colour that cannot be seen", () => {
    const random = new Random(57);
    for (const scene of manyScenes(58, 200, { tasks: ["color_attr"] })) {
      const asked = askQuestion(random, { ...scene, filter: "sepia" });
      const said = `${asked.question} ${asked.answer}`;
      for (const { color, name } of scene.objects) expect(said).not.toContain(`${color} ${name}`);
      expect(asked.kind).not.toBe("color");
    }
  });
});

describe("askQuestions", () => {
  it("asks different questions about a scene, up to the number given, and for a description once", () => {
    const random = new Random(8);
    const counts = manyScenes(8, 200).map((scene) => {
      const asked = askQuestions(random, scene, { perPicture: 5 });
      expect(new Set(asked.map(({ question }) => question)).size).toBe(asked.length);
      expect(asked.filter(({ kind }) => kind === "describe").length).toBeLessThanOrEqual(1);
      return asked.length;
    });
    expect(Math.max(...counts)).toBe(5);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
  });

  it("asks one where no number is given, the same as askQuestion", () => {
    for (const scene of manyScenes(9, 20)) {
      expect(askQuestions(new Random(4), scene)).toEqual([askQuestion(new Random(4), scene)]);
    }
  });

  it("says which numbers are possible", () => {
    const [scene] = manyScenes(9, 1);
    for (const perPicture of [0, 1.5, 17]) {
      expect(() => askQuestions(new Random(1), scene, { perPicture })).toThrow("a whole number from 1 to 16");
    }
  });
});
