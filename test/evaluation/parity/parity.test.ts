import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSafetensors, writeSafetensors } from "../../../src/checkpoint/safetensors.ts";
import type { StoredTensor } from "../../../src/checkpoint/tensor-data.ts";
import { UserError } from "../../../src/errors.ts";
import { compare } from "../../../src/evaluation/parity/compare.ts";
import { expectedOutputs } from "../../../src/evaluation/parity/expected.ts";
import { readManifest } from "../../../src/evaluation/parity/manifest.ts";
import { type CaseResult, runParity } from "../../../src/evaluation/parity/parity.ts";
import { ParityFolder } from "../../../src/evaluation/parity/parity-case.ts";
import { reportCase, reportSummary } from "../../../src/evaluation/parity/report.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parity-"));
});
afterEach(() => rm(folder, { recursive: true }));

const testFile = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const floats = (name: string, shape: number[], values: number[]): StoredTensor => ({
  name,
  shape,
  dtype: "F32",
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const integers = (name: string, shape: number[], values: number[]): StoredTensor => ({
  name,
  shape,
  dtype: "I64",
  bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

async function writeManifest(cases: object[], more: object = {}): Promise<void> {
  const manifest = { format: "unipic-goldens/1", config: {}, weights: { file: "weights.safetensors" }, cases, ...more };
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
}

async function results(...only: string[]): Promise<CaseResult[]> {
  const all: CaseResult[] = [];
  for await (const result of runParity(folder, only)) all.push(result);
  return all;
}

/** The two-step schedule with betas .1 (capped) and .1: expected arrays by hand. */
async function scheduleCase(name: string, firstBeta: number): Promise<object> {
  const tensors = [floats("out.full2.betas", [2], [firstBeta, 0.1]), integers("out.full2.timestep_map", [2], [0, 1])];
  await writeSafetensors(join(folder, `${name}.safetensors`), tensors);
  await writeFile(
    join(folder, "f64.json"),
    JSON.stringify({ full2: { respacing: "", log_betas: [Math.log(0.1), Math.log(0.1)] } }),
  );
  return {
    name,
    kind: "schedule",
    file: `${name}.safetensors`,
    params: { base_steps: 2, max_beta: 0.1, noise_schedule: "cosine" },
    outputs: { "full2.betas": { shape: [2], dtype: "F32" }, "full2.timestep_map": { shape: [2], dtype: "I64" } },
    extra_files: ["f64.json"],
  };
}

describe("runParity", () => {
  it("passes what agrees, fails what does not, and says so", async () => {
    await writeManifest([await scheduleCase("right", 0.1), await scheduleCase("wrong", 0.2)]);
    const all = await results();
    expect(all.map(({ name, pass }) => [name, pass])).toEqual([
      ["right", true],
      ["wrong", false],
    ]);
    expect(all[1].outputs.map(({ output, pass }) => [output, pass])).toEqual([
      ["full2.betas", false],
      ["full2.timestep_map", true],
      ["f64.full2.log_betas", true],
    ]);
    expect(reportCase(all[1])).toMatch(/^wrong +full2\.betas +1\.00e-1 +rtol 1e-6 +NO: 1 of 2 values are off$/m);
    expect(reportSummary(all)).toBe("1 passed, 1 failed");
    expect((await results("right")).map(({ name }) => name)).toEqual(["right"]);
    await expect(results("absent")).rejects.toThrow(/no case "absent".*right, wrong/);
  });

  it("fails kinds it does not know, outputs that are not produced and cases without any", async () => {
    const known = (await scheduleCase("missing", 0.1)) as { outputs: object };
    await writeSafetensors(join(folder, "missing.safetensors"), [floats("out.full2.colour", [1], [1])]);
    await writeManifest([
      { ...known, name: "unknown", kind: "weather" },
      { ...known, name: "elsewhere", kind: "../registry" },
      { ...known, outputs: { "full2.colour": { shape: [1], dtype: "F32" } } },
      { ...known, name: "empty", outputs: {}, extra_files: [] },
      { ...known, name: "lost", file: "lost.safetensors" },
    ]);
    const all = await results();
    expect(all.map(({ pass }) => pass)).toEqual([false, false, false, false, false]);
    expect(all.map(({ outputs }) => outputs[0].note)).toEqual([
      expect.stringContaining('kind "weather"'),
      expect.stringContaining('kind "../registry"'),
      "was not produced",
      expect.stringContaining("no outputs"),
      expect.stringContaining("lost.safetensors"),
    ]);
  });

  it("computes the preprocess kind", async () => {
    const recorded = testFile("image/fixtures/preprocess.safetensors");
    for (const file of ["preprocess.safetensors", "image_land_100x60.png"]) {
      await copyFile(testFile(`image/fixtures/${file}`), join(folder, file));
    }
    const { entries, close } = await openSafetensors(recorded);
    await close();
    const listed = (prefix: string) =>
      Object.fromEntries(
        Array.from(entries)
          .filter(([name]) => name.startsWith(`${prefix}land`))
          .map(([name, { shape, dtype }]) => [name.slice(prefix.length), { shape, dtype }]),
      );
    await writeManifest([
      {
        name: "preprocess",
        kind: "preprocess",
        file: "preprocess.safetensors",
        params: { land: { target: 64, png: "image_land_100x60.png" } },
        inputs: listed("in."),
        outputs: listed("out."),
        extra_files: ["image_land_100x60.png"],
      },
    ]);
    const [{ outputs, pass }] = await results();
    expect(outputs.map(({ output }) => output).sort()).toEqual(
      ["crop2square", "crop_resize", "edit_tensor", "expand2square", "expand_resize", "png", "stretch_resize"].map(
        (step) => `land.${step}`,
      ),
    );
    expect(pass).toBe(true);
  });

  it("computes the checkpoint kind, and notices one wrong bit", async () => {
    const torchFiles = ["golden_nested.bin", "golden_legacy.bin"];
    for (const file of [...torchFiles, "ckpt_expected.safetensors"]) {
      await copyFile(testFile(`checkpoint/fixtures/${file}`), join(folder, file));
    }
    const recorded = await openSafetensors(join(folder, "ckpt_expected.safetensors"));
    const tensors = await Promise.all([...recorded.entries.keys()].map((name) => recorded.read(name)));
    await recorded.close();
    const wrong = tensors.map((tensor) => {
      if (tensor.name !== "bf16.strided") return tensor;
      return { ...tensor, bytes: tensor.bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte)) };
    });
    await writeSafetensors(join(folder, "wrong.safetensors"), wrong);
    const entry = {
      kind: "checkpoint",
      params: { nested: { epoch: 3, betas: [0.9, 0.95], none: null, list: [1, 2.5, "x", [1, 2]] } },
      outputs: Object.fromEntries(tensors.map(({ name, shape, dtype }) => [name, { shape, dtype }])),
      extra_files: torchFiles,
    };
    await writeManifest([
      { ...entry, name: "right", file: "ckpt_expected.safetensors" },
      { ...entry, name: "wrong", file: "wrong.safetensors", params: { nested: { epoch: 4 } } },
    ]);
    const [right, off] = await results();
    expect(right.pass).toBe(true);
    expect(right.outputs).toHaveLength(2 * tensors.length + 1);
    expect(off.outputs.filter(({ pass }) => !pass).map(({ output }) => output)).toEqual([
      "golden_nested.bin:bf16.strided",
      "golden_nested.bin:plain",
      "golden_legacy.bin:bf16.strided",
    ]);
  });
});

describe("expectedOutputs", () => {
  it("ignores padding of Qwen2 and rows nobody uses", async () => {
    const outputs = {
      logits: { shape: [1, 2, 2], dtype: "F32", atol: 0.1 },
      other: { shape: [1, 2, 2], dtype: "F32", atol: 0.1 },
      sample_second_half_dontcare: { shape: [1], dtype: "F32", atol: 0.1 },
    };
    await writeSafetensors(join(folder, "qwen2.safetensors"), [
      integers("in.attention_mask", [1, 2], [1, 0]),
      floats("out.logits", [1, 2, 2], [1, 2, 3, 4]),
      floats("out.other", [1, 2, 2], [1, 2, 3, 4]),
      floats("out.sample_second_half_dontcare", [1], [1]),
    ]);
    await writeManifest([{ name: "qwen2", kind: "qwen2", file: "qwen2.safetensors", outputs }]);
    const opened = await ParityFolder.open(folder);
    const context = await opened.openCase(opened.manifest.cases[0]);
    const expected = await expectedOutputs(context);
    await context.close();
    expect([...expected.keys()]).toEqual(["logits", "other"]);
    const verdict = (name: string, values: number[]) => {
      const { value, tolerance, ignore } = expected.get(name)!;
      return compare({ shape: [1, 2, 2], values }, value, tolerance, ignore).pass;
    };
    expect(verdict("logits", [1, 2, -9, -9])).toBe(true);
    expect(verdict("logits", [1, -9, 3, 4])).toBe(false);
    expect(verdict("other", [1, 2, -9, 4])).toBe(false);
  });
});

describe("readManifest", () => {
  it.each([
    ["another format", [{}], { format: "other/2" }, /format "other\/2"/],
    ["no cases", [], {}, /lists no cases/],
    ["a nameless case", [{ kind: "vae", file: "a" }], {}, /needs a name/],
    ["a path that leads out", [{ name: "a", kind: "vae", file: "../a" }], {}, /not a plain file name/],
    ["weights elsewhere", [{ name: "a", kind: "vae", file: "a" }], { weights: { file: "a/b" } }, /not a plain file/],
    ["twins", [1, 2].map(() => ({ name: "a", kind: "vae", file: "a" })), {}, /same name/],
    ["a bad shape", [{ name: "a", kind: "v", file: "a", outputs: { x: { shape: [-1], dtype: "F32" } } }], {}, /shape/],
    [
      "a bad atol",
      [{ name: "a", kind: "v", file: "a", outputs: { x: { shape: [1], dtype: "F32", atol: "big" } } }],
      {},
      /tolerance/,
    ],
  ])("refuses %s", async (_, cases, more, reason) => {
    await writeManifest(cases, more);
    const error = await readManifest(folder).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(reason);
  });
});

describe("npm run parity", () => {
  const run = promisify(execFile);
  const command = (...args: string[]) =>
    run(process.execPath, ["--import", "tsx", testFile("../src/evaluation/parity/main.ts"), ...args]);

  it("exits 0 with the counts on the last line, 1 on any failure", async () => {
    await writeManifest([await scheduleCase("right", 0.1), await scheduleCase("wrong", 0.2)]);
    const { stdout } = await command(folder, "right");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("1 passed, 0 failed");
    await expect(command(folder)).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/1 passed, 1 failed\n$/),
    });
    await expect(command(join(folder, "absent"))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^There is no file at [^\n]*\n$/),
    });
  });
});
