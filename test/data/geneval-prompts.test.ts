import { expect, it } from "vitest";
import { GENEVAL_PROMPTS, GENEVAL_TAGS, isGenEvalPrompt } from "../../src/data/geneval-prompts.ts";
import { hashText } from "../../src/data/hash.ts";

// Fingerprints of GenEval's own evaluation_metadata.jsonl: its prompts, and its facts in the form below, joined by line breaks.
const PROMPTS = 3387663746;
const FACTS = 3501126324;

it("holds GenEval's file to the letter", () => {
  expect(GENEVAL_PROMPTS.length).toBe(553);
  expect(hashText(GENEVAL_PROMPTS.map(({ prompt }) => prompt).join("\n"))).toBe(PROMPTS);
  const facts = GENEVAL_PROMPTS.map(({ tag, prompt, include, exclude }) =>
    JSON.stringify([
      tag,
      prompt,
      include.map(({ object, count, color, position }) => [object, count, color ?? null, position ?? null]),
      exclude.map(({ object, count }) => [object, count]),
    ]),
  );
  expect(hashText(facts.join("\n"))).toBe(FACTS);
});

it("has so many of each category as GenEval says", () => {
  const counts = GENEVAL_TAGS.map((tag) => GENEVAL_PROMPTS.filter((prompt) => prompt.tag === tag).length);
  expect(counts).toEqual([80, 99, 80, 94, 100, 100]);
});

it("knows its prompts again, in any letter case and with a full stop", () => {
  expect(isGenEvalPrompt("A photo of four benchs.")).toBe(true);
  expect(isGenEvalPrompt("a photo of a couch below a cup")).toBe(true);
  expect(isGenEvalPrompt("a photo of a couch below two cups")).toBe(false);
});
