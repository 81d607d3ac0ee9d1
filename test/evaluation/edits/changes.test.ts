import { describe, expect, it } from "vitest";
import { EDIT_TYPES, type EditType, planEdit } from "../../../src/data/index.ts";
import { changesOf } from "../../../src/evaluation/edits/changes.ts";
import { Random } from "../../../src/random.ts";

/** What the changes of so many edits of a type are, each edit's in one word. */
function changes(type: EditType): Set<string> {
  const random = new Random(8);
  return new Set(
    Array.from({ length: 60 }, () =>
      changesOf(planEdit(random, { types: [type] }))
        .map(({ what }) => what)
        .sort()
        .join("+"),
    ),
  );
}

describe("changes", () => {
  it.each([
    ["add", ["added"]],
    ["remove", ["removed"]],
    ["replace", ["added+removed"]],
    ["adjust", ["recolored", "resized"]],
    ["background", ["background"]],
    ["style", ["filtered", "restyled"]],
    ["action", ["jumped", "posed", "turned"]],
  ] as const)("of the type %s are %j", (type, expected) => {
    expect(changes(type)).toEqual(new Set(expected));
  });

  it("of a hybrid are two, and an extract removes what is around", () => {
    for (const each of changes("hybrid")) {
      expect(["recolored+removed", "background+recolored", "added+recolored+removed"]).toContain(each);
    }
    for (const each of changes("extract")) expect(each).toMatch(/^background(\+removed)*$/);
  });

  it("of every type are at least one", () => {
    for (const type of EDIT_TYPES) expect(changes(type).has("")).toBe(false);
  });
});
