import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunModel } from "../../src/cli/run-model.ts";
import { RunScores } from "../../src/cli/run-scores.ts";
import type { ScoreLine } from "../../src/evaluation/score-plot.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import type { TrainConfig } from "../../src/training/train-config.ts";
import { train } from "../../src/training/trainer.ts";
import { tinyPlan } from "../training/tiny-plan.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unipic-scores-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Two stages, the first of them smaller. */
function planOf(steps: readonly number[], changes: Partial<TrainConfig> = {}): TrainConfig {
  const plan = tinyPlan(0, { checkpointEvery: 2, scoreEvery: 4, scoreTasks: 4 });
  const stages = steps.map((count, i) => ({
    ...plan.stages[0],
    name: ["small", "large"][i],
    steps: count,
    size: { generation: 16 * (i + 1), understanding: 16 * (i + 1) },
  }));
  return { ...plan, stages, ...changes };
}

/** Runs a plan with its scores; returns what was said, and the lines that are there then. */
async function run(name: string, plan: TrainConfig): Promise<{ said: string[]; lines: ScoreLine[] }> {
  const place = join(folder, name);
  const scores = new RunScores(place, plan, 1);
  const said: string[] = [];
  await train({
    train: plan,
    folder: place,
    engine: nodeEngine,
    threads: 1,
    threadedData: false,
    onStart: (position) => scores.start(position),
    onCheckpoint: async (weights, prepared, position) => {
      const lent = new RunModel(place, { weights, prepared }, { threads: 1 });
      const each = await scores.afterCheckpoint(lent, position, new AbortController().signal);
      await lent.close();
      if (each) said.push(each);
    },
  });
  const text = await readFile(join(place, "scores.jsonl"), "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line !== "");
  return { said, lines: lines.map((line) => JSON.parse(line)) };
}

describe("scores over time", () => {
  it("are measured when due and at the end of stages, into a file and a plot, and go on when the run does", async () => {
    const first = await run("run", planOf([6, 2]));
    expect(first.lines.map(({ step, stageName }) => [step, stageName])).toEqual([
      [4, "small"],
      [6, "small"],
      [8, "large"],
    ]);
    expect(first.said[0]).toMatch(
      /^scores after step 4: generation \d.* % {2}understanding .* % {2}editing .*scores\.svg$/,
    );
    expect(first.lines.map(({ samples, stageStart }) => [samples, stageStart])).toEqual([
      [80, 0],
      [120, 0],
      [160, 120],
    ]);
    for (const { generation, understanding, editing } of first.lines) {
      expect([generation.trials, understanding.trials, editing.trials]).toEqual([4, 4, 2]);
    }
    await expect(access(join(folder, "run", "sample-model"))).rejects.toThrow();

    const plan = planOf([6, 2]);
    plan.stages.push({ ...plan.stages[1], name: "more", steps: 2 });
    const { lines } = await run("run", plan);
    expect(lines.slice(0, 3)).toEqual(first.lines);
    expect(lines.map(({ step }) => step)).toEqual([4, 6, 8, 10]);
    const plot = await readFile(join(folder, "run", "scores.svg"), "utf8");
    for (const name of ["small", "large", "more"]) expect(plot).toContain(`>${name}</text>`);

    // The state is lost and the run begins anew: what was measured later than where it stands is no part of it.
    await rm(join(folder, "run", "state.safetensors"));
    expect((await run("run", planOf([4]))).lines.map(({ step }) => step)).toEqual([4]);
  }, 300_000);

  it("can be switched off, and are said to be missing where there are none", async () => {
    expect(await run("off", planOf([2], { scoreEvery: 0 }))).toEqual({ said: [], lines: [] });

    const damaged = join(folder, "off", "scores.jsonl");
    await writeFile(damaged, "{}\n{");
    const lent = {} as RunModel;
    const ask = (plan: TrainConfig) => {
      const scores = new RunScores(join(folder, "off"), plan, 1);
      const position = { stage: 0, stageStep: 2, step: 2, samples: 40 };
      return () => scores.afterCheckpoint(lent, position, new AbortController().signal);
    };
    expect(await ask(planOf([2]))()).toBe(
      `no scores after step 2: line 2 of ${damaged} is damaged; remove it, and the next scores are added.`,
    );

    const plan = planOf([2]);
    plan.stages[0].data = { sources: [{ path: "pictures", weight: 1 }], shuffle: 1, latents: false, longestText: 8 };
    const alone = ask(plan);
    const why = "they are measured on the picture world, and this learns from other data";
    expect(await alone()).toBe(`no scores: ${why}`);
    expect(await alone()).toBeUndefined();
    const followed = ask({ ...plan, stages: [...plan.stages, ...planOf([2]).stages] });
    expect(await followed()).toBe(`no scores of the stage "small": ${why}`);
  });
});
