import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { traceJointLoss } from "../../src/training/joint-program.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { TrainingProgram } from "../../src/training/training-program.ts";
import { understandingInputs } from "../../src/training/understanding-inputs.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const { model, stages } = tinyPlan(1);
const COLOR = { question: "What color is the car?", answer: "red" };
const WHAT = { question: "What is in the picture?", answer: "a red car" };
const PLACE = { question: "Where is the car?", answer: "on the left" };
const tokenizer = tinyTokenizer(...[COLOR, WHAT, PLACE].flatMap(({ question, answer }) => [question, answer]));
const inputs = (asked: Parameters<typeof understandingInputs>[2], wordDropout = 0, questionTokens?: number) =>
  understandingInputs(model, tokenizer, asked, new Random(5), { wordDropout, questionTokens });
const numbers = (data: unknown) => Array.from(data as BigInt64Array, Number);

describe("understandingInputs", () => {
  it("puts the questions about a picture one after another, each at the places it would have alone", () => {
    const [alone, together] = [inputs([[WHAT]]), inputs([[COLOR, WHAT]])];
    const positions = numbers(together.positions.data);
    const turns = numbers(together.turns.data);
    expect(Math.max(...turns)).toBe(2);
    const own = positions.flatMap((position, i) => (turns[i] === 1 ? [] : [position]));
    expect(own).toEqual(numbers(alone.positions.data));
    const ids = numbers(together.ids.data).filter((_, i) => turns[i] !== 1);
    expect(ids).toEqual(numbers(alone.ids.data));
  });

  it("has the answers of all questions as labels", () => {
    const labels = numbers(inputs([[COLOR, WHAT], [PLACE]]).labels.data);
    const alone = [COLOR, WHAT, PLACE].flatMap((asked) => numbers(inputs([[asked]]).labels.data));
    expect(labels).toEqual(alone);
    expect(tokenizer.decode(labels)).toBe("red<|im_end|>a red car<|im_end|>on the left<|im_end|>");
  });

  it("leaves out questions that find no room, save the first, and no others", () => {
    const own = (asked: typeof WHAT) =>
      numbers(inputs([[COLOR, asked]]).turns.data).filter((turn) => turn === 2).length;
    const [what, place] = [own(WHAT), own(PLACE)];
    expect(what).toBeGreaterThan(place);
    const together = [WHAT, PLACE, COLOR];
    expect(inputs([together], 0, what + place + own(COLOR))).toEqual(inputs([together]));
    expect(inputs([[PLACE, WHAT, COLOR]], 0, place + own(COLOR)).labels).toEqual(inputs([[PLACE, COLOR]]).labels);
    expect(inputs([together], 0, 1)).toEqual(inputs([[WHAT]]));
  });

  it("drops words of answers and of nothing else", () => {
    const [whole, dropped] = [inputs([[COLOR, WHAT, PLACE]]), inputs([[COLOR, WHAT, PLACE]], 1)];
    const read = new Set(numbers(whole.rows.data).map((row) => row + 1));
    const changed = numbers(whole.ids.data).flatMap((id, i) => (id === numbers(dropped.ids.data)[i] ? [] : [i]));
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.every((i) => read.has(i))).toBe(true);
    expect(dropped.labels).toEqual(whole.labels);
  });
});

describe("understandingLoss", () => {
  it("is what questions about one picture lose when each is asked alone, whatever else is asked", async () => {
    const loss = async (asked: Parameters<typeof understandingInputs>[2]) => {
      const batch = { ...NO_SAMPLES, understanding: asked.length };
      const { root, total, losses } = traceJointLoss(model, { ...stages[0], batch });
      const device = { device: "cpu", threads: 1 } as const;
      const options = { optimizer: { ...ADAMW, weightDecay: 0 }, trains: () => true };
      const program = await TrainingProgram.build(nodeEngine, device, root, total, losses, options, new Random(1));
      const side = model.siglip2.image_size;
      const one = new Random(2).normals(3 * side * side);
      const pixels = new Float32Array(asked.length * one.length);
      asked.forEach((_, i) => {
        pixels.set(one, i * one.length);
      });
      const given = { pixels: hostArray("float32", [asked.length, 3, side, side], pixels), ...inputs(asked) };
      const named = Object.fromEntries(Object.entries(given).map(([name, array]) => [`understanding.${name}`, array]));
      const { understanding } = await program.step(named, 0);
      await program.release();
      return understanding;
    };
    const together = await loss([[COLOR, WHAT, PLACE]]);
    expect(together).toBeCloseTo(await loss([[COLOR], [WHAT], [PLACE]]), 5);
    expect(together).toBeCloseTo(await loss([[PLACE, COLOR, WHAT]]), 5);
    expect(Math.abs(together - (await loss([[COLOR]])))).toBeGreaterThan(0.01);
  });
});
