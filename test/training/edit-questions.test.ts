import { expect, it } from "vitest";
import { planEdit } from "../../src/data/index.ts";
import { Random } from "../../src/random.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { askForNewThing, askOfEdits } from "../../src/training/edit-questions.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { parseTrainConfig } from "../../src/training/train-config.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

it("asks for what is new by the instruction, and has nothing as answer where nothing is", () => {
  const asked = (type: "add" | "remove") => {
    const edit = planEdit(new Random(1), { types: [type] });
    return { ...askForNewThing(edit), instruction: edit.instruction };
  };
  const { question, answer, instruction } = asked("add");
  expect(question).toBe(`What new thing does this bring? ${instruction}`);
  expect(answer).toMatch(/^an? .* on a (teal|cream) background$/);
  expect(asked("remove").answer).toBe("nothing");
});

it("asks of as many edits as are wanted, of the types that are allowed", () => {
  const asked = askOfEdits(new Random(1), {}, 8);
  expect(asked).toHaveLength(8);
  expect(askOfEdits(new Random(1), {}, 8)).toEqual(asked);
  expect(askOfEdits(new Random(1), {})).toEqual([]);
  const answers = Array.from({ length: 25 }, (_, i) => askOfEdits(new Random(i), {}, 8)).flat();
  const nothing = answers.filter(({ answer }) => answer === "nothing").length / answers.length;
  expect(nothing).toBeGreaterThan(0.3);
  expect(nothing).toBeLessThan(0.75);
  for (const { question, answer } of askOfEdits(new Random(2), { types: ["remove"] }, 8)) {
    expect(question).toMatch(/(Remove|Delete|Erase) the /);
    expect(answer).toBe("nothing");
  }
});

it("wants a number of questions", () => {
  for (const count of [-1, 0.5, 9]) {
    expect(() => askOfEdits(new Random(1), {}, count)).toThrow("a whole number from 0 to 8");
  }
  const plan = JSON.parse(JSON.stringify(tinyPlan(1)));
  const [stage] = plan.stages;
  const wrong = { ...plan, stages: [{ ...stage, questions: { ofEdits: -1 } }] };
  expect(() => parseTrainConfig(wrong, "mine.json")).toThrow("a whole number from 0 to 8");
});

it("has so many more questions about every picture of a batch", () => {
  const { model, stages, seed } = tinyPlan(1);
  const tokenizer = tinyTokenizer("a red car");
  const batch = { ...NO_SAMPLES, understanding: 3 };
  const asked = (ofEdits?: number) =>
    makeBatch(model, tokenizer, { ...stages[0], batch, questions: { kinds: ["color"], ofEdits } }, seed, 0);
  const turns = (ofEdits?: number) =>
    Math.max(...Array.from(asked(ofEdits)["understanding.turns"].data as BigInt64Array, Number));
  expect([turns(), turns(0), turns(2)]).toEqual([1, 1, 3]);
});
