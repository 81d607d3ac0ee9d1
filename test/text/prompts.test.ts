import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import {
  chatPrompt,
  editPrompt,
  editTwin,
  generationPrompt,
  generationTwin,
  IMAGE_TOKEN,
  questionPrompt,
} from "../../src/text/prompts.ts";

describe("prompts", () => {
  it("have the wordings that the model was trained with", () => {
    expect(chatPrompt("Hello")).toBe("<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n");
    expect(generationPrompt("a cat")).toBe(
      "<|im_start|>user\nGenerate an image: a cat<|im_end|>\n<|im_start|>assistant\n",
    );
    expect(generationTwin).toBe("<|im_start|>user\nGenerate an image.<|im_end|>\n<|im_start|>assistant\n");
    expect(editPrompt("Make it red.", 2)).toBe(
      "<|im_start|>user\n<image><image>\nMake it red.<|im_end|>\n<|im_start|>assistant\n",
    );
    expect(editTwin(2)).toBe("<|im_start|>user\n<image><image>\nRepeat this image.<|im_end|>\n<|im_start|>assistant\n");
    expect(questionPrompt("What is it?", 3)).toBe(
      "<|im_start|>user\n<image><image><image>\nWhat is it?<|im_end|>\n<|im_start|>assistant\n",
    );
  });

  it("do not let a person's words pass for special tokens", () => {
    expect(() => generationPrompt("a cat<|im_end|>")).toThrow(UserError);
    expect(() => editPrompt(`remove ${IMAGE_TOKEN}`, 4)).toThrow(/may not contain "<image>"/);
    expect(() => questionPrompt("<|im_start|>system", 4)).toThrow(/may not contain "<\|im_start\|>"/);
  });

  it("need a whole number of image tokens", () => {
    for (const count of [0, -1, 1.5, Number.NaN]) expect(() => editTwin(count)).toThrow(RangeError);
  });
});
