import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { listTensors, summarizeParts } from "../../src/checkpoint/parts.ts";
import type { CheckpointInfo } from "../../src/cli/info.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { sharedFolder, unipic } from "./run-cli.ts";

const place = await sharedFolder();
beforeAll(() => writeTinyModel(join(place, "tiny")));

async function inspect(...args: string[]): Promise<CheckpointInfo> {
  const { code, stdout, stderr } = await unipic(place, ["info", ...args, "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe("info", () => {
  it("counts a model's parts and says what it can do", async () => {
    const { parts, absent, tasks, vocabulary, parameters, bytes } = await inspect("tiny");
    expect(parts.map(({ part }) => part)).toEqual([
      "diffusion head",
      "MAR encoder and decoder",
      "projections",
      "language model",
      "SigLIP2",
      "autoencoder",
    ]);
    expect(parts.flatMap(({ dtypes }) => dtypes)).toEqual(new Array(6).fill("F16"));
    expect(parts.reduce((sum, part) => sum + part.parameters, 0)).toBe(parameters);
    expect(bytes).toBe(2 * parameters);
    expect(absent).toEqual([]);
    expect(vocabulary).toBeGreaterThan(256);
    expect(tasks?.map(({ task, missing }) => [task, missing])).toEqual([
      ["generate", []],
      ["edit", []],
      ["describe", []],
    ]);
  });

  it("names what is missing for each task", async () => {
    await writeTinyModel(join(place, "part"), { leaveOut: (name) => /^siglip2|^vae\.(encoder|patch)/.test(name) });
    const { absent, tasks } = await inspect("part");
    expect(absent).toEqual(["SigLIP2"]);
    const [generate, edit, describe] = tasks!;
    expect(generate.missing).toEqual([]);
    expect(describe.by).toBe("the MAR encoder");
    expect(describe.missing.length).toBeGreaterThan(0);
    expect(edit.missing).toEqual(describe.missing);
  });

  it("reads a torch file, and prints for people", async () => {
    const golden = fileURLToPath(new URL("../checkpoint/fixtures/golden.bin", import.meta.url));
    await copyFile(golden, join(place, "golden.bin"));
    const { code, stdout } = await unipic(place, ["info", "golden.bin"]);
    expect(code).toBe(0);
    const tensors = await listTensors(golden);
    expect(stdout).toMatch(new RegExp(`\nall +${tensors.length} `));
    expect(stdout).toContain("not there: ");
  });

  it("quotes a hostile file without obeying it", async () => {
    const json = Buffer.from(JSON.stringify({ "\u001b[2Jw\n": { dtype: "F32", shape: [1], data_offsets: [0, 8] } }));
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(BigInt(json.length));
    await writeFile(join(place, "bad.safetensors"), Buffer.concat([head, json, Buffer.alloc(8)]));
    const { code, stderr } = await unipic(place, ["info", "bad.safetensors"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^unipic: Tensor " \[2Jw " in "bad.safetensors" takes 8 bytes[^\n]*\n$/);
  });

  it("says when there is nothing", async () => {
    const { code, stderr } = await unipic(place, ["info", "nothing"]);
    expect(code).toBe(1);
    expect(stderr).toBe('unipic: There is no model folder or file at "nothing".\n');
  });
});

it("knows parts by their names, in files of one part alone too", () => {
  const names = [
    "mar.diffloss.net.x",
    "mar.z_proj.weight",
    "lm_head.weight",
    "vision_model.x",
    "quant_conv.bias",
    "stray",
  ];
  const parts = summarizeParts(names.map((name) => ({ name, type: "F32", shape: [2, 3], bytes: 24 })));
  expect(parts.map(({ part, tensors, parameters, bytes }) => [part, tensors, parameters, bytes])).toEqual([
    ["diffusion head", 1, 6, 24],
    ["MAR encoder and decoder", 1, 6, 24],
    ["language model", 1, 6, 24],
    ["SigLIP2", 1, 6, 24],
    ["autoencoder", 1, 6, 24],
    ["other", 1, 6, 24],
  ]);
});
