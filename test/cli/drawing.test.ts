import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readPicture } from "../../src/image/codec.ts";
import { readPngText } from "../../src/image/png-text.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { sharedFolder, unipic } from "./run-cli.ts";

const place = await sharedFolder();
const model = join(place, "tiny");
const bytesOf = (name: string) => readFile(join(place, name));

/** Runs a command that works: exit code 0, and silence on stderr, which is a pipe here. */
async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await unipic(place, [...args, "--model", model]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
}

beforeAll(async () => {
  await writeTinyModel(model);
  await run("generate", "a red car");
});

describe("generate", () => {
  it("writes unipic.png at the model's size, with what it was made from inside", async () => {
    expect(await readPicture(join(place, "unipic.png"))).toMatchObject({ width: 16, height: 16 });
    expect(readPngText(await bytesOf("unipic.png"))).toMatchObject({ prompt: "a red car", seed: "0" });
  });

  it("says in the picture where it comes from, which info prints, or keeps it out", async () => {
    const inspect = async (...args: string[]) => (await unipic(place, ["info", ...args])).stdout;
    await run("generate", "a \u001bred car", "--seed", "5", "--steps", "3", "--output", "told.png");
    const { path, width, entries } = JSON.parse(await inspect("told.png", "--json"));
    expect({ path, width }).toEqual({ path: "told.png", width: 16 });
    expect(entries).toMatchObject({ prompt: "a \u001bred car", seed: "5", model: "tiny" });
    expect(JSON.parse(entries.settings)).toMatchObject({ size: [16, 16], steps: 3, guidance: 3, temperature: 1 });
    expect(await inspect("told.png")).toMatch(/^prompt +a {2}red car$/m);
    await run("generate", "a red car", "--no-metadata", "--output", "silent.png");
    expect(await inspect("silent.png")).toMatch(/says nothing about where it comes from/);
    const { code, stderr } = await unipic(place, ["info", "nothing.png"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'unipic: Cannot read "nothing.png": there is no such file or folder.\n',
    });
  });

  it("samples fast in the ways that are asked for, and says so in the picture", async () => {
    const options = ["--sampler", "dpm++", "--steps", "6:2", "--guidance-interval", "0:0.8", "--token-cache", "0.5"];
    await run("generate", "a red car", ...options, "--condition-cache", "--cache-refresh", "2", "--output", "ways.png");
    expect(JSON.parse(readPngText(await bytesOf("ways.png")).settings)).toEqual({
      size: [16, 16],
      rounds: 4,
      sampler: "dpm++",
      steps: [6, 2],
      guidance: 3,
      guidanceSchedule: "constant",
      guidanceInterval: [0, 0.8],
      tokenCache: 0.5,
      conditionCache: true,
      cacheRefresh: 2,
      temperature: 1,
    });
    await run("generate", "a red car", "--preset", "fast", "--steps", "2", "--output", "fast.png");
    const fast = JSON.parse(readPngText(await bytesOf("fast.png")).settings);
    expect(fast).toMatchObject({ sampler: "dpm++", steps: 2 });
    await run("generate", "a red car", "--preset", "exact", "--output", "exact.png");
    expect((await bytesOf("exact.png")).equals(await bytesOf("unipic.png"))).toBe(true);
  });

  it("gives the same bytes for the same seed and others for another", async () => {
    await run("generate", "a red car", "--output", "same.png");
    await run("generate", "a red car", "--output", "other.png", "--seed", "1");
    expect((await bytesOf("same.png")).equals(await bytesOf("unipic.png"))).toBe(true);
    const pictures = await Promise.all(["same.png", "other.png"].map((name) => readPicture(join(place, name))));
    expect(pictures[0].data).not.toEqual(pictures[1].data);
  });

  it("numbers several pictures, says where each went, and replaces nothing else", async () => {
    const stdout = await run("generate", "a red car", "--count", "2", "--seed", "3", "--output", "car.jpg");
    expect(stdout).toMatch(
      /^Wrote car-1\.jpg: 16x16 pixels, seed 3, [\d.]+ s\nWrote car-2\.jpg: .* seed 4, [\d.]+ s\n$/,
    );
    const names = (await readdir(place)).filter((name) => name.startsWith("car"));
    expect(names.sort()).toEqual(["car-1.jpg", "car-2.jpg"]);
  });

  it("draws other sizes, and tells all about it as JSON", async () => {
    const args = ["--size", "24x8", "--steps", "3", "--rounds", "2", "--guidance", "1", "--temperature", "0.5"];
    const stdout = await run("generate", "a blue dog", ...args, "--seed", "9", "--output", "wide.png", "--json");
    const { files, seed, prompt, model: folder, seconds, settings } = JSON.parse(stdout);
    expect({ files, seed, prompt }).toEqual({ files: ["wide.png"], seed: 9, prompt: "a blue dog" });
    expect(basename(folder)).toBe("tiny");
    expect(seconds).toBeGreaterThan(0);
    expect(settings).toMatchObject({ size: [24, 8], rounds: 2, steps: 3, guidance: 1, temperature: 0.5, count: 1 });
    expect(await readPicture(join(place, "wide.png"))).toMatchObject({ width: 24, height: 8 });
  });
});

describe("--preview", () => {
  it("shows pictures while they are drawn, and at the end as they are", async () => {
    await run("generate", "a red car", "--count", "2", "--preview", "now.png", "--output", "shown.png");
    for (const number of [1, 2]) {
      const [shown, drawn] = await Promise.all(
        [`now-${number}.png`, `shown-${number}.png`].map((name) => readPicture(join(place, name))),
      );
      expect(shown).toEqual(drawn);
    }
  });

  it("leaves the last preview, whole, where the work is stopped, and is refused where it cannot be written", async () => {
    const args = ["generate", "a red car", "--model", model, "--rounds", "4", "--steps", "400", "--progress"];
    const options = { interruptAt: /round 3 of 4/ };
    const { code } = await unipic(place, [...args, "--preview", "stopped.png"], options);
    expect(code).toBe(1);
    expect(await readPicture(join(place, "stopped.png"))).toMatchObject({ width: 16, height: 16 });
    expect((await readdir(place)).filter((name) => name.includes("partial"))).toEqual([]);
    const refused = await unipic(place, [...args, "--preview", "nowhere/now.png"]);
    expect(refused.stderr).toMatch(/^unipic: Cannot write "nowhere\/now.png": there is no folder/);
  });

  it("says on a terminal how long it still takes", async () => {
    const { stderr } = await unipic(place, ["generate", "a red car", "--model", model, "--steps", "200", "--progress"]);
    expect(stderr).toMatch(/drawing \[=+> +\] +\d+% {2}round \d of 4 {2}\d+ s left/);
  });
});

describe("edit", () => {
  it("writes the picture's name with -edited, the same for the same seed", async () => {
    await run("edit", "unipic.png", "make it blue");
    await run("edit", "unipic.png", "make it blue", "--output", "again.png", "--json");
    expect((await bytesOf("unipic-edited.png")).equals(await bytesOf("again.png"))).toBe(true);
    // What the model's folder says of edits.
    const { settings } = readPngText(await bytesOf("again.png"));
    expect(JSON.parse(settings)).toMatchObject({ guidance: 1, temperature: 0.8 });
    const names = ["unipic.png", "unipic-edited.png"];
    const pictures = await Promise.all(names.map((name) => readPicture(join(place, name))));
    expect(pictures[0].data).not.toEqual(pictures[1].data);
  });
});

describe("describe", () => {
  it("prints an answer, the same that it tells as JSON", async () => {
    const args = [
      "describe",
      "unipic.png",
      "what?",
      "--max-tokens",
      "6",
      "--temperature",
      "1",
      "--top-k",
      "9",
      "--seed",
      "2",
    ];
    const plain = await run(...args);
    const told = JSON.parse(await run(...args, "--json"));
    expect(told).toMatchObject({ picture: "unipic.png", question: "what?", seed: 2 });
    expect(plain).toBe(`${told.answer}\n`);
    expect(told.answer.length).toBeGreaterThan(0);
  });
});
