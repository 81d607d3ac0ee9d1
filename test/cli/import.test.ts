import { statfsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { filesOf, startHub } from "../helpers/hub-server.ts";
import { writeOfficialLayout } from "../helpers/official-layout.ts";
import { tinyOfficial, tinyTensors } from "../import/tiny-official.ts";
import { sharedFolder, unipic } from "./run-cli.ts";

const place = await sharedFolder();
const files = await sharedFolder();
const official = join(files, "official");
beforeAll(async () => {
  const tensors = tinyTensors();
  tensors.set("mar.\u001b[2J.weight", { ...tensors.get("proj_in.0.bias")!, name: "mar.\u001b[2J.weight" });
  await writeOfficialLayout(official, tensors, tinyOfficial, { tower: "absent" });
});

const { bavail, bsize } = statfsSync(tmpdir());
const hasRoom = bavail * bsize > 10e9;

describe("import", () => {
  it("says what it took over, what was missing and what it did not know; describe then says how it sees", async () => {
    const { code, stdout, stderr } = await unipic(place, ["import", official, "--output", "model"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Imported .*official into model\n/);
    expect(stdout).toMatch(/\nautoencoder +\d+ .* BF16, F32 +kl16\.ckpt\n|\nautoencoder +\d+ .* BF16 +kl16\.ckpt\n/);
    expect(stdout).toContain("\ndescribe: yes, pictures are seen by the MAR encoder\n");
    expect(stdout).toMatch(/\nmissing, SigLIP2: \d+ tensors: siglip2\.vision_model\./);
    expect(stdout).toContain("\nnot known, in pytorch_model.bin: 1 tensors: mar. [2J.weight\n");
    expect(stdout).toContain("\nleft out: llm.lm_head.weight in pytorch_model.bin (the same as the embedding)\n");
    expect(stdout).toContain("\nas in the official model, in no file: mar.encoder_num_heads 2\n");

    const drawn = await unipic(place, ["generate", "a cat", "--model", "model", "--steps", "2", "--rounds", "2"]);
    expect(drawn.stdout).toContain("32x32 pixels");
    const described = await unipic(place, [
      "describe",
      "unipic.png",
      "--model",
      "model",
      "--max-tokens",
      "2",
      "--json",
    ]);
    expect(described.code).toBe(0);
    expect(described.stderr).toBe(
      "unipic: The model has no SigLIP2, so the picture is seen by the autoencoder and the MAR encoder.\n",
    );
    expect(JSON.parse(described.stdout).sight).toBe("the MAR encoder");
  });

  it("refuses to write over something, and files that are none", async () => {
    const again = await unipic(place, ["import", official, "--output", "."]);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^unipic: There is something in "\." already; [^\n]+\n$/);
    const none = await unipic(place, ["import", place, "--output", "other"]);
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/^unipic: The folder ".*" has no pytorch_model\.bin [^\n]+\n$/);
    expect(await readdir(place)).not.toContain("other");
    const usage = await unipic(place, ["import", official]);
    expect({ code: usage.code, stderr: usage.stderr }).toEqual({
      code: 2,
      stderr: "unipic: required option '--output <folder>' not specified\n",
    });
  });
});

describe("pull", () => {
  it("fetches from where the environment says, and imports", async () => {
    const name = "Skywork/Tiny";
    const commit = "c".repeat(40);
    const revisions = { v2: commit, [commit]: commit };
    const hub = await startHub({ name, revisions, files: await filesOf(official), token: "hf_own" });
    const env = { HF_ENDPOINT: hub.url, HF_TOKEN: "hf_own", HF_HUB_CACHE: join(files, "cache") };
    const args = ["pull", name, "--revision", "v2"];
    const { code, stdout, stderr } = await unipic(place, [...args, "--json", "--progress"], { env });
    expect(code).toBe(0);
    expect(stderr).toContain("fetching [");
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ repo: name, revision: "v2", output: "Tiny" });
    expect(report.tasks).toHaveLength(3);
    expect(await readdir(join(place, "Tiny"))).toContain("config.json");
    expect(await readdir(join(files, "cache"))).toEqual(["models--Skywork--Tiny"]);
    const missing = await unipic(place, ["pull", "no/such"], { env });
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/^unipic: There is no model "no\/such" at http:[^\n]+\n$/);
  });
});

describe("init", () => {
  it("writes a preset's shape", async () => {
    const args = ["init", "--preset", "unipic-mini", "--seed", "1", "--dtype", "fp16", "--output", "mini"];
    const { code, stdout, stderr } = await unipic(place, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^Wrote mini: unipic-mini, 13,\d+,\d+ random weights, 27\.\d MB\nIts tokenizer has \d+ tokens; /,
    );
    expect(JSON.parse(await readFile(join(place, "mini", "config.json"), "utf8")).llm.vocab_size).toBe(640);
  });

  it("refuses what it does not have", async () => {
    const preset = await unipic(place, ["init", "--preset", "huge", "--output", "x"]);
    expect(preset.stderr).toBe('unipic: There is no preset "huge"; there are unipic-1.5b and unipic-mini.\n');
    const type = await unipic(place, ["init", "--dtype", "int8", "--output", "x"]);
    expect(type.stderr).toBe('unipic: --dtype takes bf16, fp16, fp32, not "int8".\n');
    expect([preset.code, type.code]).toEqual([1, 1]);
  });

  it.runIf(hasRoom)("Ctrl-C leaves a sentence and nothing of six gigabytes", async () => {
    const empty = join(files, "empty");
    await rm(empty, { recursive: true, force: true });
    const { code, stdout, stderr } = await unipic(files, ["init", "--output", empty, "--progress"], {
      interruptAt: /writing/,
    });
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.split("\u001b[2K").at(-1)).toBe(`unipic: Stopped; nothing was written to ${empty}.\n`);
    expect((await readdir(files)).filter((name) => name.includes("empty"))).toEqual([]);
  });
});
