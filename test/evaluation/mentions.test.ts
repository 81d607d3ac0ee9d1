import { expect, it } from "vitest";
import { mentionedObjects, namesOnly } from "../../src/evaluation/mentions.ts";

it("finds whole words, longest first, singular or plural", () => {
  expect(mentionedObjects("A red teddy bear on the road")).toEqual(["teddy bear"]);
  expect(mentionedObjects("two buses and a pair of scissors").sort()).toEqual(["bus", "scissors"]);
  expect(mentionedObjects("a cartoon cupboard")).toEqual([]);
});

it("takes orange for a colour before an object, and for an object elsewhere", () => {
  expect(mentionedObjects("an orange car in a room with blue walls")).toEqual(["car"]);
  expect(mentionedObjects("an orange on a wooden table")).toEqual(["orange"]);
  expect(mentionedObjects("a car on an orange background that fades from red to orange")).toEqual(["car"]);
  expect(mentionedObjects("an orange orange and an orange tv").sort()).toEqual(["orange", "tv"]);
});

it("tells whether one object is named and no other", () => {
  expect(namesOnly("a picture of a bear in the snow", "bear")).toBe(true);
  expect(namesOnly("a picture of a teddy bear", "bear")).toBe(false);
  expect(namesOnly("a car and a bus", "car")).toBe(false);
  expect(namesOnly("nothing at all", "car")).toBe(false);
});
