import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/runtime/node.ts";
import { loadState } from "../../src/training/checkpoint.ts";
import { train } from "../../src/training/trainer.ts";
import { sharedFolder } from "../cli/run-cli.ts";
import type { Moment } from "./dying-run.ts";
import { tinyPlan } from "./tiny-plan.ts";

const runs = await sharedFolder();
const STEPS = 12;
const EVERY = 2;
const SCRIPT = fileURLToPath(new URL("./dying-run.ts", import.meta.url));
const STATE = "state.safetensors";

/** Runs the plan until it dies at the moment, or is killed from outside when it has made a step; gives the signal that ended it. */
function dyingRun(folder: string, moment: Moment | null, atStep?: number): Promise<NodeJS.Signals | null> {
  const words = ["--import", "tsx", SCRIPT, folder, String(STEPS), String(EVERY), JSON.stringify(moment)];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.includes(`step ${atStep}\n`)) child.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (_, signal) => resolve(signal));
  });
}

const trainHere = (folder: string) =>
  train({
    train: tinyPlan(STEPS, { checkpointEvery: EVERY }),
    folder,
    engine: nodeEngine,
    threads: 1,
    threadedData: false,
  });

/** Steps that are in the state, and whether all that was saved can be read. */
async function savedSteps(folder: string): Promise<number> {
  const found = await loadState(folder);
  if (!found) return 0;
  const { position, state } = found;
  for (const group of [state.parameters, state.moment1, state.moment2, state.average])
    expect(group!.size).toBeGreaterThan(10);
  expect(position).toMatchObject({ stage: 0, stageStep: position.step, samples: 20 * position.step });
  return position.step;
}

/** Each goes on with what the one before has left. */
const DEATHS: readonly (readonly [name: string, moment: Moment, saved: number])[] = [
  ["while the autoencoder is written", { at: "write", file: "vae.safetensors", written: 0, piece: 3 }, 0],
  ["in the first checkpoint", { at: "write", file: STATE, written: 0, piece: 9 }, 0],
  ["before the second checkpoint gets its name", { at: "rename", file: STATE, written: 1 }, 2],
  ["when it has its name", { at: "renamed", file: STATE, written: 0 }, 4],
  ["between a checkpoint and its line in the log", { at: "append", file: "log.jsonl", written: 1 }, 8],
];

// Each starts a process of its own, which takes long where the machine is busy.
describe("a run that is killed", { timeout: 900_000 }, () => {
  const folder = join(runs, "killed");

  beforeAll(() => trainHere(join(runs, "whole")), 900_000);

  it.each(DEATHS)("%s keeps its last checkpoint", async (_, moment, saved) => {
    expect(await dyingRun(folder, moment)).toBe("SIGKILL");
    expect(await savedSteps(folder)).toBe(saved);
  });

  it("anywhere between two checkpoints loses no more than the steps since", async () => {
    expect(await dyingRun(folder, null, 9)).toBe("SIGKILL");
    // It may have come further until the signal was there.
    expect(await savedSteps(folder)).toBeGreaterThanOrEqual(8);
  });

  it("ends as if it had never been, with nothing left behind", async () => {
    await trainHere(folder);
    const state = (name: string) => readFile(join(runs, name, STATE));
    expect((await state("killed")).equals(await state("whole"))).toBe(true);
    expect((await readdir(folder)).sort()).toEqual((await readdir(join(runs, "whole"))).sort());
    const lines = (await readFile(join(folder, "log.jsonl"), "utf8")).trim().split("\n");
    for (const line of lines) expect(JSON.parse(line).step % EVERY).toBe(0);
    expect(JSON.parse(lines.at(-1)!).step).toBe(STEPS);
  });
});
