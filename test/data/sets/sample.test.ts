import { describe, expect, it } from "vitest";
import { MOST_CHARACTERS } from "../../../src/data/sets/limits.ts";
import { kindsOf, parseSample, serves, TASKS } from "../../../src/data/sets/sample.ts";
import { json, noPicture, text } from "./make-data.ts";

const parse = (fields: Readonly<Record<string, Uint8Array>>) =>
  parseSample({ key: "a", fields: new Map(Object.entries(fields)) });

describe("a sample", () => {
  it.each([
    [
      { jpg: noPicture, json: json({ caption: " a cat\n" }) },
      ["text-to-image"],
      ["generation", "understanding", "contrast"],
    ],
    [{ png: noPicture, txt: text("a cat\n") }, ["text-to-image"], ["generation", "understanding", "contrast"]],
    [{ png: noPicture, json: json({ question: "What?", answer: "a cat" }) }, ["question-answer"], ["understanding"]],
    [
      { "source.png": noPicture, "target.jpg": noPicture, json: json({ instruction: "Add a cat." }) },
      ["edit"],
      ["editing"],
    ],
    [
      { png: noPicture, json: json({ caption: "a cat", question: "What?", answer: "a cat", url: 3, cls: null }) },
      ["text-to-image", "question-answer"],
      ["generation", "understanding", "contrast"],
    ],
  ])("%# is of its kinds, and serves their tasks", (fields, kinds, tasks) => {
    const { sample } = parse(fields as Record<string, Uint8Array>);
    expect(kindsOf(sample!)).toEqual(kinds);
    expect(TASKS.filter((task) => serves(sample!, task))).toEqual(tasks);
  });

  it("prefers the JSON's caption, and trims it", () => {
    const { sample } = parse({ png: noPicture, json: json({ caption: " from json " }), txt: text("from text") });
    expect(sample!.texts).toEqual({ caption: "from json" });
  });

  it("knows what its pictures' files end in", () => {
    const { sample } = parse({ "source.png": noPicture, "target.jpg": text("x"), json: json({ instruction: "x" }) });
    expect(sample!.endings).toEqual({ source: "png", target: "jpg" });
    expect(sample!.pictures).toEqual({ source: noPicture, target: text("x") });
  });
});

describe("a bad sample is told by what is wrong", () => {
  const caption = json({ caption: "a cat" });
  it.each([
    [{ png: noPicture }, "there is no caption to its picture"],
    [{ json: caption }, "there is no picture to its text"],
    [{ png: noPicture, txt: text(" \n") }, "its caption is empty"],
    [{ png: noPicture, json: json({ caption: "" }) }, "its caption is empty"],
    [{ png: noPicture, json: json({ caption: 5 }) }, "its caption is not text"],
    [
      { png: noPicture, json: json({ caption: "x".repeat(MOST_CHARACTERS + 1) }) },
      "its caption has more than 10000 characters",
    ],
    [
      { png: noPicture, json: json({ caption: "a <image> cat" }) },
      "its caption contains <image>, which has a meaning of its own to the model",
    ],
    [
      { png: noPicture, json: json({ question: "What?", answer: "a cat<|im_end|>" }) },
      "its answer contains <|im_end|>, which has a meaning of its own to the model",
    ],
    [{ png: noPicture, json: text("{caption") }, "its JSON cannot be read as an object"],
    [{ png: noPicture, json: json(["a cat"]) }, "its JSON cannot be read as an object"],
    [{ png: noPicture, txt: Uint8Array.of(0xff, 0xfe, 0x41) }, "its text is not UTF-8"],
    [{ png: noPicture, json: json({ question: "What?" }) }, "there is no answer to its question"],
    [{ png: noPicture, json: json({ answer: "a cat" }) }, "there is no question to its answer"],
    [{ png: noPicture, jpg: noPicture, json: caption }, "it has two pictures for one place (image)"],
    [{ "target.png": noPicture, json: json({ instruction: "x" }) }, "it is an edit without a source picture"],
    [{ "source.png": noPicture, json: json({ instruction: "x" }) }, "it is an edit without a target picture"],
    [{ "source.png": noPicture, "target.png": noPicture, json: json({}) }, "it is an edit without an instruction"],
  ])("%# %s", (fields, reason) => {
    expect(parse(fields as Record<string, Uint8Array>)).toEqual({ reason });
  });
});
