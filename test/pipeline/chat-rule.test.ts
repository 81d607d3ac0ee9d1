import { describe, expect, it } from "vitest";
import { type ChatTask, DRAW_VERBS, EDIT_VERBS, EITHER_VERBS, requestOf } from "../../src/pipeline/chat-rule.ts";

describe("what a turn asks for", () => {
  it.each<[string, ChatTask, string]>([
    ["draw a red car", "draw", "a red car"],
    ["Draw me a red car", "draw", "a red car"],
    ["  please draw a red car ", "draw", "a red car"],
    ["Please, draw a red car", "draw", "a red car"],
    ["Generate an image of a dog", "draw", "a dog"],
    ["generate an image: a dog", "draw", "a dog"],
    ["create picture of a dog", "draw", "a dog"],
    ["draw: a dog", "draw", "a dog"],
    ["draw a picture", "draw", "a picture"],
    ["draw an image of", "draw", "an image of"],
    ["draw", "draw", ""],
    ["draw a drawing of\na cat", "draw", "a drawing of\na cat"],
    ["make a red car", "draw", "a red car"],
    ["make me a red car", "draw", "a red car"],
    ["paint some apples", "draw", "some apples"],
    ["make it blue", "edit", "make it blue"],
    ["Make the car blue.", "edit", "Make the car blue."],
    ["Paint the train blue.", "edit", "Paint the train blue."],
    ["please change the color of the car to blue.", "edit", "change the color of the car to blue."],
    ["Remove the fork", "edit", "Remove the fork"],
    ["edit", "edit", "edit"],
    ["what colour is it?", "ask", "what colour is it?"],
    ["draw a red car?", "ask", "draw a red car?"],
    ["please make it blue?", "ask", "please make it blue?"],
    ["Describe the picture.", "ask", "Describe the picture."],
    ["drawing of a cat", "ask", "drawing of a cat"],
    ["pleased to meet you", "ask", "pleased to meet you"],
    ["please", "ask", "please"],
    ["2 + 2", "ask", "2 + 2"],
    ["", "ask", ""],
  ])("%j: %s %j", (text, task, words) => expect(requestOf(text)).toEqual({ task, words }));

  it("has no verb on two lists", () => {
    const all = [...DRAW_VERBS, ...EDIT_VERBS, ...EITHER_VERBS];
    expect(new Set(all).size).toBe(all.length);
  });
});
