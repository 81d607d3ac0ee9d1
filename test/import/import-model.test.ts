import { cp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openCheckpoint, type StreamedTensor } from "../../src/checkpoint/index.ts";
import { UserError } from "../../src/errors.ts";
import { importModel } from "../../src/import/import-model.ts";
import { UniPic } from "../../src/pipeline/unipic.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { temporaryFolder } from "../checkpoint/temporary-folder.ts";
import { sharedFolder } from "../cli/run-cli.ts";
import { type LayoutForm, writeOfficialLayout } from "../helpers/official-layout.ts";
import { bytesOf, tinyOfficial, tinyTensors } from "./tiny-official.ts";

const tensors = tinyTensors();
const shared = await sharedFolder();
beforeAll(() => writeOfficialLayout(join(shared, "official"), tensors, tinyOfficial));

/** A fresh folder with a copy of the official files in their usual form, or in another one. */
async function officialFiles(form?: LayoutForm, of: ReadonlyMap<string, StreamedTensor> = tensors) {
  const place = await temporaryFolder();
  const [from, to] = [join(place, "official"), join(place, "model")];
  if (form || of !== tensors) await writeOfficialLayout(from, of, tinyOfficial, form);
  else await cp(join(shared, "official"), from, { recursive: true });
  return { place, from, to };
}

/** Imports official files of a form, and gives the folders and what was said. */
async function imported(form?: LayoutForm, of?: ReadonlyMap<string, StreamedTensor>, options = {}) {
  const files = await officialFiles(form, of);
  return { ...files, report: await importModel(files.from, files.to, options) };
}

async function expectSameTensors(folder: string, expected: ReadonlyMap<string, StreamedTensor>): Promise<void> {
  const reader = await openCheckpoint(folder);
  expect(reader.names().sort()).toEqual([...expected.keys()].sort());
  for (const [name, tensor] of expected) {
    expect(reader.info(name)).toMatchObject({ dtype: tensor.dtype, shape: tensor.shape });
    expect((await bytesOf(tensor)).equals((await reader.read(name)).bytes), name).toBe(true);
  }
  await reader.close();
}

const json = async (path: string) => JSON.parse(await readFile(path, "utf8"));

describe("importModel", () => {
  it("takes over every tensor bit for bit, with the configuration that the files tell", async () => {
    const { to, report } = await imported(undefined, tensors, { maxShardBytes: 300_000 });
    await expectSameTensors(to, tensors);
    expect((await readdir(to)).filter((name) => name.endsWith(".safetensors")).length).toBeGreaterThan(2);
    expect(await json(join(to, "config.json"))).toEqual(tinyOfficial);
    expect(await json(join(to, "generation_config.json"))).toMatchObject({ size: 32, tokens: 64, steps: "100" });
    expect(report.missing).toEqual([]);
    expect(report.unknown).toEqual([]);
    expect(report.leftOut.map(({ what }) => what)).toEqual([
      "llm.lm_head.weight in pytorch_model.bin",
      "mar.class_emb.weight in pytorch_model.bin",
      "loss.logvar in kl16.ckpt",
    ]);
    expect(report.parts.map(({ part, files }) => [part, files])).toEqual([
      ["diffusion head", ["pytorch_model.bin"]],
      ["MAR encoder and decoder", ["pytorch_model.bin"]],
      ["projections", ["pytorch_model.bin"]],
      ["language model", ["pytorch_model.bin"]],
      ["SigLIP2", ["pytorch_model.bin"]],
      ["autoencoder", ["kl16.ckpt"]],
    ]);
    expect(report.tasks.every(({ missing }) => missing.length === 0)).toBe(true);
    expect(report.assumed).toContain("mar.encoder_num_heads 2");
    expect(report.assumed.join()).not.toMatch(/llm|siglip2/);
  });

  it.each<LayoutForm>([
    { main: "bin shards", vae: "safetensors", tower: "folder" },
    { main: "safetensors", vae: "in the model" },
    { main: "safetensors shards", vae: "ckpt", tower: "folder" },
  ])("reads the form %j", async (form) => {
    const { to, report } = await imported(form);
    await expectSameTensors(to, tensors);
    expect(report.missing).toEqual([]);
    expect(report.unknown).toEqual([]);
    const sees = report.parts.find(({ part }) => part === "SigLIP2");
    expect(sees?.files.join().startsWith("siglip2-so400m")).toBe(form.tower === "folder");
  });

  it("gives the tokenizer an <image> token after all others", async () => {
    const { from, to } = await imported();
    const before = await Tokenizer.fromFolder(join(from, "Qwen2.5-1.5B-Instruct"));
    const tokenizer = await Tokenizer.fromFolder(to);
    expect(before.tokenId("<image>")).toBeUndefined();
    expect(tokenizer.tokenId("<image>")).toBe(before.vocabularySize);
    expect(tokenizer.encode("<image><image>a red")).toEqual([
      before.vocabularySize,
      before.vocabularySize,
      ...before.encode("a red"),
    ]);
    const settings = await json(join(to, "tokenizer_config.json"));
    expect(settings.additional_special_tokens).toContain("<image>");
    expect(settings.added_tokens_decoder[before.vocabularySize].content).toBe("<image>");
  });

  it("gives a model that draws at twice its native size, edits and describes", async () => {
    const { to } = await imported(undefined, tensors, { maxShardBytes: 300_000 });
    const model = await UniPic.load(to);
    const [picture] = await model.generate("a red car", { steps: 3, rounds: 4 });
    expect([picture.width, picture.height]).toEqual([32, 32]);
    const [edited] = await model.edit(picture, "make it blue", { steps: 3, rounds: 4 });
    expect(edited.width).toBe(32);
    expect(model.sight).toBe("SigLIP2");
    expect(await model.describe(edited, undefined, { maxTokens: 3 })).toBeTypeOf("string");
    await model.release();
  });

  it("does without SigLIP2 and says so", async () => {
    const { to, report } = await imported({ tower: "absent" });
    expect(report.missing.map(({ part }) => part).sort()).toEqual(["SigLIP2", "projections"]);
    expect(report.tasks.at(-1)).toEqual({ task: "describe", by: "the MAR encoder", missing: [] });
    expect(await readFile(join(to, "README.md"), "utf8")).toContain(
      "describe: yes, pictures are seen by the MAR encoder",
    );
    const model = await UniPic.load(to);
    expect(model.sight).toBe("the MAR encoder");
    const white = { width: 8, height: 8, data: new Uint8Array(192).fill(255) };
    expect(await model.describe(white, undefined, { maxTokens: 2 })).toBeTypeOf("string");
    await model.release();
  });

  it("keeps an output layer that differs from the embedding", async () => {
    const [name, embedding] = ["llm.lm_head.weight", tensors.get("llm.model.embed_tokens.weight")!];
    const bytes = await bytesOf(embedding);
    bytes[0] ^= 1;
    const own = new Map([...tensors, [name, { ...embedding, name, pieces: () => [bytes] }]]);
    const { to, report } = await imported({ main: "safetensors" }, own);
    await expectSameTensors(to, own);
    expect((await json(join(to, "config.json"))).llm.tie_word_embeddings).toBe(false);
    expect(report.leftOut.map(({ what }) => what).join()).not.toContain("lm_head");
  });

  it("names what is missing and what it does not know", async () => {
    const own = new Map(tensors);
    own.delete("proj_out.2.bias");
    own.set("mar.extra.weight", { ...tensors.get("proj_out.0.bias")!, name: "mar.extra.weight" });
    const { report } = await imported(undefined, own);
    expect(report.missing).toEqual([{ part: "projections", names: ["proj_out.2.bias"] }]);
    expect(report.unknown).toEqual([{ file: "pytorch_model.bin", names: ["mar.extra.weight"] }]);
    expect(report.tasks.map(({ missing }) => missing)).toEqual([["proj_out.2.bias"], ["proj_out.2.bias"], []]);
  });

  it("takes over a folder that is already one of ours", async () => {
    const { to, place } = await imported();
    const again = join(place, "again");
    const report = await importModel(to, again);
    await expectSameTensors(again, tensors);
    expect(report.assumed).toEqual([]);
    for (const name of ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"]) {
      expect(await json(join(again, name))).toEqual(await json(join(to, name)));
    }
  });

  it("leaves nothing behind when it is stopped", async () => {
    const { place, from, to } = await officialFiles();
    const controller = new AbortController();
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      if (done > total / 2) controller.abort(new Error("enough"));
    };
    await expect(importModel(from, to, { signal: controller.signal, onProgress })).rejects.toThrow("enough");
    expect(await readdir(place)).toEqual(["official"]);
  });
});

describe("official files that cannot be imported", () => {
  const main = "pytorch_model.bin";
  const qwen = "Qwen2.5-1.5B-Instruct";
  const cases: [what: string, spoil: (folder: string) => Promise<unknown>, message: RegExp][] = [
    ["no model", (folder) => rm(join(folder, main)), /has no pytorch_model\.bin or model\.safetensors/],
    ["a half download", (folder) => rename(join(folder, main), join(folder, `${main}.incomplete`)), /not finished/],
    [
      "a Git LFS pointer",
      (folder) => writeFile(join(folder, main), "version https://git-lfs.github.com/spec/v1\noid"),
      /git lfs pull/,
    ],
    [
      "a text",
      (folder) => writeFile(join(folder, main), "hello, this is not a model"),
      /is not a file that torch\.save/,
    ],
    [
      "a cut file",
      async (folder) => writeFile(join(folder, main), (await readFile(join(folder, main))).subarray(0, 90_000)),
      /pytorch_model\.bin" is cut short/,
    ],
    [
      "no tokenizer",
      (folder) => rm(join(folder, qwen), { recursive: true }),
      /no tokenizer in .*: put the folder Qwen2\.5/,
    ],
    [
      "a tokenizer of another kind",
      (folder) => writeFile(join(folder, qwen, "tokenizer.json"), "{}"),
      /not in the form of a byte-level BPE/,
    ],
    [
      "a cut index",
      (folder) => writeFile(join(folder, "model.safetensors.index.json"), '{"weight_map": {"a":'),
      /index\.json" is not valid JSON/,
    ],
    [
      "a missing shard",
      (folder) => writeFile(join(folder, "pytorch_model.bin.index.json"), '{"weight_map": {"a": "b.bin"}}'),
      /There is no file at .*b\.bin"/,
    ],
  ];
  it.each(cases)("%s", async (_, spoil, message) => {
    const { place, from, to } = await officialFiles();
    await spoil(from);
    const attempt = importModel(from, to);
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toBeInstanceOf(UserError);
    expect(await readdir(place)).toEqual(["official"]);
  });

  it.each<[what: string, change: (all: Map<string, StreamedTensor>) => void, message: RegExp]>([
    [
      "another model",
      (all) => all.delete("mar.z_proj.weight"),
      /is not a UniPic model: it has no tensor "mar\.z_proj\.weight"/,
    ],
    [
      "a tensor of another shape",
      (all) => all.set("proj_in.0.bias", { ...all.get("proj_in.0.bias")!, shape: [8, 8] }),
      /another shape for 1 tensor: proj_in\.0\.bias \(is \[8, 8\], should be \[64\]\)/,
    ],
    [
      "nothing that a task could be done with",
      (all) => {
        for (const name of [...all.keys()]) if (/^(vae|llm\.model\.layers\.1)\./.test(name)) all.delete(name);
        all.set("llm.model.layers.1.x", { ...all.get("proj_in.0.bias")!, name: "llm.model.layers.1.x" });
      },
      /Nothing could be done .*: generate lacks \d+ tensors, such as /,
    ],
  ])("%s", async (_, change, message) => {
    const own = new Map(tensors);
    change(own);
    const { place, from, to } = await officialFiles(undefined, own);
    await expect(importModel(from, to)).rejects.toThrow(message);
    expect(await readdir(place)).toEqual(["official"]);
  });

  it("a folder that is not there, or a file", async () => {
    const place = await temporaryFolder();
    await expect(importModel(join(place, "no"), join(place, "model"))).rejects.toThrow(
      /There is no folder ".*no" to read/,
    );
    await writeFile(join(place, "file"), "");
    await expect(importModel(join(place, "file"), join(place, "model"))).rejects.toThrow(/is a file; give the folder/);
  });
});
