import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyWideConfig, tinyWordedConfig, writeTinyModel } from "../helpers/tiny-model.ts";
import { sharedFolder, unipic } from "./run-cli.ts";

const place = await sharedFolder();
beforeAll(async () => {
  await writeTinyModel(join(place, "wide"), { config: tinyWideConfig });
  await writeTinyModel(join(place, "narrow"), { config: tinyWordedConfig });
});

describe("quantize", () => {
  it("writes a folder that says what it is, and draws", async () => {
    const args = ["quantize", "wide", "--to", "int8", "--part", "llm=int4", "--part", "vae=fp32", "--output", "small"];
    const { code, stdout, stderr } = await unipic(place, [...args, "--threads", "1"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Wrote small\n\npart +precision +quantised +before +after +error of its results\n/);
    expect(stdout).toMatch(/\nllm +int4 +\d+ of \d+ +\S+ [Mk]B +\S+ [Mk]B +states [\d.]+ %\n/);
    expect(stdout).toMatch(/\nvae +fp32 +0 of \d+ .* pixels to tokens 0, tokens to pixels 0\n/);
    expect(stdout).toMatch(
      /\nhead: 2 kept, [\d.]+ kB \(the head's first and last layer[^)]+\): mar.diffloss.net.final_layer.linear.weight/,
    );

    const info = await unipic(place, ["info", "small"]);
    expect(info.stdout).toMatch(/\nlanguage model .* int4 +F16, int4\n/);
    expect(info.stdout).toMatch(/\ndiffusion head .* int8 +F16, int8\n/);
    expect(info.stdout).toMatch(/\nautoencoder .* fp32 +F32\n/);
    const parsed = async (folder: string) => JSON.parse((await unipic(place, ["info", folder, "--json"])).stdout);
    const [before, after] = [await parsed("wide"), await parsed("small")];
    expect(after.parameters).toBe(before.parameters);
    expect(after.tensors).toBe(before.tensors);
    expect(after.bytes).toBeLessThan(before.bytes);
    expect(after.tasks).toEqual(before.tasks);

    const drawn = await unipic(place, ["generate", "a car", "--model", "small", "--steps", "2", "--output", "car.png"]);
    expect(drawn.code).toBe(0);
  });

  it("reports as JSON, without comparing where that is not wanted", async () => {
    const args = ["quantize", "narrow", "--to", "bf16", "--output", "half", "--no-check", "--json"];
    const { code, stdout } = await unipic(place, args);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ source: "narrow", output: "half", before: report.after });
    expect(report.parts.every(({ errors }: { errors: unknown[] }) => errors.length === 0)).toBe(true);
  });

  it("stops at Ctrl-C and leaves nothing", async () => {
    const before = await readdir(place);
    const args = ["quantize", "wide", "--to", "int8", "--output", "stopped", "--progress"];
    const { code, stderr, stdout } = await unipic(place, args, { interruptAt: /measuring/ });
    expect(stderr).toContain("unipic: Stopped; no folder was written.\n");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(await readdir(place)).toEqual(before);
  });

  it.each([
    [["narrow", "--to", "int3"], /There is no precision "int3"; choose one of fp32, fp16, bf16, int8, int4/],
    [["narrow", "--to", "int8", "--part", "mar=int4"], /The part mar cannot be int4/],
    [["narrow", "--to", "int4", "--part", "tail=int8"], /There is no part "tail"/],
    [["nowhere", "--to", "int8"], /There is no model folder at "nowhere"/],
    [["narrow", "--to", "fp32", "--picture", "none.png"], /there is no such file/],
  ])("refuses %j", async (args, sentence) => {
    const before = await readdir(place);
    const { code, stdout, stderr } = await unipic(place, ["quantize", ...args, "--output", "wrong"]);
    expect(stderr).toMatch(/^unipic: [^\n]+\n$/);
    expect(stderr).toMatch(sentence);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(await readdir(place)).toEqual(before);
  });
});
