import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeSafetensors } from "../../src/checkpoint/index.ts";
import { UserError } from "../../src/errors.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { loadState, saveState } from "../../src/training/checkpoint.ts";
import type { TrainingState } from "../../src/training/training-program.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "unipic-state-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const values = (...numbers: number[]) => new Map([["weight", hostArray("float32", [numbers.length], numbers)]]);
const state: TrainingState = {
  step: 7,
  parameters: values(1, 2.5, -3),
  moment1: values(0.1, 0.2, 0.3),
  moment2: values(4, 5, 6),
  average: values(7, 8, 9),
};
const position = { stage: 1, stageStep: 3, step: 7, samples: 140 };

describe("a training state", () => {
  it("comes back as it was", async () => {
    await saveState(folder, state, position);
    const found = await loadState(folder);
    expect(found).toEqual({ state, position });
  });

  it("is undefined where there is none yet", async () => {
    expect(await loadState(folder)).toBeUndefined();
  });

  it("is refused when it does not say where the run stands", async () => {
    await writeSafetensors(join(folder, "state.safetensors"), []);
    await expect(loadState(folder)).rejects.toThrow(UserError);
    await expect(loadState(folder)).rejects.toThrow("does not say where the training run stands");
  });

  it("is refused when it is damaged", async () => {
    await writeFile(join(folder, "state.safetensors"), "not a state");
    await expect(loadState(folder)).rejects.toThrow(UserError);
  });
});
