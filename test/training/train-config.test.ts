import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { parseTrainConfig } from "../../src/training/train-config.ts";

const stage = { name: "only", steps: 10, batch: { generation: 4 }, learningRate: 1e-3 };
const parse = (changes: Record<string, unknown>) => parseTrainConfig({ stages: [stage], ...changes }, "plan.json");

describe("parseTrainConfig", () => {
  it("fills in defaults", () => {
    const plan = parse({});
    expect(plan.model.mar.img_size).toBe(64);
    expect(plan.stages[0]).toMatchObject({
      schedule: "cosine",
      weightDecay: 0.02,
      timestepShift: 1,
      batch: { generation: 4, editing: 0, understanding: 0, contrast: 0 },
      weights: { generation: 1, editing: 1, understanding: 0.01, contrast: 1 },
    });
  });

  it("reads the configuration that ships", () => {
    const text = readFileSync(new URL("../../configs/unipic-mini.json", import.meta.url), "utf8");
    const plan = parseTrainConfig(JSON.parse(text), "configs/unipic-mini.json");
    expect(plan.stages.map(({ name }) => name)).toEqual(["draw", "joint", "identity"]);
  });

  it.each([
    [[], "not a JSON object"],
    [{ stage: [] }, 'unknown entry "stage"'],
    [{ stages: [] }, "at least one stage"],
    [{ stages: [{ ...stage, steps: -1 }] }, '"steps" must be a number'],
    [{ stages: [{ ...stage, steps: undefined }] }, '"steps" must be a number'],
    [{ stages: [{ ...stage, batch: {} }] }, "above 0 for at least one"],
    [{ stages: [{ ...stage, batch: { drawing: 3 } }] }, 'unknown entry "drawing"'],
    [{ stages: [{ ...stage, schedule: "linear" }] }, '"cosine" or "constant"'],
    [{ stages: [stage], model: "unipic-huge" }, 'no preset "unipic-huge"'],
    [{ stages: [{ ...stage, warmpu: 3 }] }, 'unknown entry "warmpu"'],
    [{ stages: [{ ...stage, batch: { generation: 1.5 } }] }, "whole number"],
    [{ stages: [{ ...stage, ema: 1 }] }, "below 1"],
    [{ stages: [{ ...stage, timestepShift: 0 }] }, "above 0"],
    [{ stages: [{ ...stage, trains: "mar." }] }, "beginnings of parameter names"],
    [{ stages: [{ ...stage, scenes: { objects: ["unicorn"] } }] }, "unicorn"],
    [{ stages: [{ ...stage, batch: { understanding: 1 }, questions: { kinds: ["why"] } }] }, 'no question "why"'],
    [{ stages: [stage], tokenizer: { samplse: 3 } }, 'unknown entry "samplse"'],
    [{ stages: [stage], vae: { steps: "many" } }, '"steps" must be a number'],
    [{ stages: [stage], vae: 3 }, '"vae" must be an object'],
  ])("says what is wrong with %j", (json, message) => {
    expect(() => parseTrainConfig(json, "plan.json")).toThrow(UserError);
    expect(() => parseTrainConfig(json, "plan.json")).toThrow(message);
  });
});
