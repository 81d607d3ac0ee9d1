import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadImage } from "@napi-rs/canvas";
import { expect, it } from "vitest";
import { sharedFolder, unipic } from "./run-cli.ts";

const folder = await sharedFolder();
/** Few and quick. */
const QUICK = ["--count", "6", "--rounds", "2", "--steps", "2", "--threads", "1"];

it("prints tables, writes them with a sheet of each suite, and gives the same digits for the same seed", async () => {
  const { code, stdout, stderr } = await unipic(folder, ["eval", "world-geneval", ...QUICK, "--output", "scores"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/world-geneval, 6 tasks, seed 1/);
  expect(stdout).toMatch(/ceiling, clean renders +ceiling, through the autoencoder/);
  expect(stdout).toMatch(/mean of the 6 categories .+ % \(/);
  expect((await readdir(join(folder, "scores"))).sort()).toEqual(["results.json", "results.md", "world-geneval.png"]);
  expect((await loadImage(await readFile(join(folder, "scores", "world-geneval.png")))).width).toBe(1400);
  expect(await readFile(join(folder, "scores", "results.md"), "utf8")).toMatch(/\| color_attr \| all of the prompt \|/);

  const again = await unipic(folder, ["eval", "world-geneval", ...QUICK, "--json"]);
  const written = JSON.parse(await readFile(join(folder, "scores", "results.json"), "utf8"));
  expect(JSON.parse(again.stdout).results).toEqual(written.results);
  expect(written.results[0].overall.value.trials).toBe(6);
  expect(written.about.settings).toEqual({ rounds: 2, steps: 2 });
});

it("asks only for what a training configuration shows", async () => {
  const scenes = { tasks: ["colors"], objects: ["car", "dog", "bus", "cake", "cup"] };
  const stage = { name: "s", steps: 1, batch: { generation: 1 }, learningRate: 1e-3, scenes };
  await writeFile(join(folder, "world.json"), JSON.stringify({ stages: [stage] }));
  const args = ["eval", "world-vqa", ...QUICK, "--world", "world.json", "--json"];
  const { code, stdout, stderr } = await unipic(folder, args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const [{ scores }] = JSON.parse(stdout).results;
  expect(scores.map(({ test }: { test: string }) => test)).not.toContain("relation");
});

it("says what is wrong before it works", async () => {
  const cases: [string[], RegExp][] = [
    [["eval", "world-chess"], /^unipic: There is no suite "world-chess"; there are world-geneval, /],
    [["eval", "--count", "0"], /--count takes a whole number from 1 up/],
    [["eval", "--reader", "nowhere", "--count", "1"], /nowhere/],
    [["eval", "--world", "nowhere.json"], /nowhere\.json/],
    [["eval", "--output", "file.txt/inside"], /Cannot write into "file\.txt\/inside"/],
  ];
  await writeFile(join(folder, "file.txt"), "");
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await unipic(folder, args);
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n").length).toBe(1);
    expect(stdout).toBe("");
  }
});

it("shows progress with the time left, and stops at Ctrl-C without writing", async () => {
  await mkdir(join(folder, "stopped"));
  const args = ["eval", "world-geneval", "--threads", "1", "--progress", "--output", "stopped"];
  const { code, stderr } = await unipic(folder, args, { interruptAt: /world-geneval \d+\/2212 .+ left/ });
  expect(code).toBe(1);
  expect(stderr).toMatch(/unipic: Stopped; nothing was written\.\n$/);
  expect(await readdir(join(folder, "stopped"))).toEqual([]);
});
