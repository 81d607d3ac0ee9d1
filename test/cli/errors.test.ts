import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { sharedFolder, unipic } from "./run-cli.ts";

const models = await sharedFolder();
const model = join(models, "tiny");
const place = await sharedFolder();

beforeAll(() => writeTinyModel(model));
beforeEach(async () => {
  for (const name of await readdir(place)) await rm(join(place, name), { recursive: true });
});

/** One sentence on stderr and nothing else anywhere: no stack, no partial file. */
async function expectFailure(args: readonly string[], code: number, sentence: RegExp): Promise<void> {
  const before = await readdir(place);
  const result = await unipic(place, args);
  expect(result.stderr).toMatch(/^unipic: [^\n]+\n$/);
  expect(result.stderr).toMatch(sentence);
  expect(result.code).toBe(code);
  expect(result.stdout).toBe("");
  expect(await readdir(place)).toEqual(before);
}

describe("a command that cannot be done", () => {
  it("an empty prompt", () => expectFailure(["generate", "  ", "--model", model], 1, /prompt is empty/));

  it("a picture that is none", async () => {
    await writeFile(join(place, "note.png"), "not a picture");
    await expectFailure(["edit", "note.png", "make it blue", "--model", model], 1, /"note.png" as a picture/);
  });

  it("a picture that is not there", () =>
    expectFailure(["describe", "none.png", "--model", model], 1, /"none.png": there is no such file/));

  it("a size that is no size", () => expectFailure(["generate", "x", "--size", "big"], 1, /--size takes pixels/));

  it("a size that the model cannot draw", () =>
    expectFailure(["generate", "x", "--size", "20", "--model", model], 1, /multiple of 8 pixels.* not 20/));

  it("more pictures than allowed", () => expectFailure(["generate", "x", "--count", "1000000000"], 1, /from 1 to 64/));

  it("a sampler that nobody has", () =>
    expectFailure(["generate", "x", "--sampler", "euler"], 1, /--sampler takes one of ancestral, ddim, dpm\+\+/));

  it("an interval that is none", () =>
    expectFailure(["generate", "x", "--guidance-interval", "0.5"], 1, /takes two numbers such as 0.1:0.8, not "0.5"/));

  it("a model folder that is not there", () =>
    expectFailure(["generate", "x", "--model", "nowhere"], 1, /no model folder at "nowhere"/));

  it("a checkpoint that lacks weights", async () => {
    const wrong = join(models, "wrong");
    await writeTinyModel(wrong, { leaveOut: (name) => name.startsWith("proj_out.") });
    await expectFailure(["generate", "x", "--model", wrong], 1, /does not fit the model: it lacks \d+ tensors/);
  });

  it("a device that nobody has", () => expectFailure(["generate", "x", "--device", "tpu"], 1, /no device "tpu"/));

  it("an output in a folder that is not there, before anything is loaded", () =>
    expectFailure(["generate", "x", "--model", "nowhere", "--output", "a/b.png"], 1, /there is no folder "a"/));

  it("an output that is a folder", async () => {
    await mkdir(join(place, "out.png"));
    await expectFailure(["generate", "x", "--model", model, "--output", "out.png"], 1, /it is a folder/);
  });

  it("an output of an unknown format, before anything is loaded", () =>
    expectFailure(["generate", "x", "--model", "nowhere", "--output", "a.bmp"], 1, /end its name in .png, .jpg/));
});

describe("a command line that cannot be understood ends in 2", () => {
  it.each([
    [["paint"], /unknown command 'paint'/],
    [["generate", "x", "--fast"], /unknown option '--fast'/],
    [["edit", "x.png"], /missing required argument 'instruction'/],
    [["train"], /'--config <file>' not specified/],
  ])("%j", (args, sentence) => expectFailure(args, 2, sentence));
});

it("shows the stack with UNIPIC_DEBUG", async () => {
  const { code, stderr } = await unipic(place, ["generate", "x", "--model", "nowhere"], { env: { UNIPIC_DEBUG: "1" } });
  expect(code).toBe(1);
  expect(stderr).toContain('unipic: There is no model folder at "nowhere".\n');
  expect(stderr).toMatch(/\n {4}at /);
});

it("Ctrl-C while drawing leaves a sentence and no file", async () => {
  const args = ["generate", "x", "--model", model, "--size", "64", "--steps", "1000", "--count", "64", "--progress"];
  const { code, stdout, stderr } = await unipic(place, args, { interruptAt: /drawing/ });
  expect(code).toBe(1);
  expect(stderr.split("\u001b[2K").at(-1)).toBe("unipic: Stopped; no picture was written.\n");
  expect(stdout).toBe("");
  expect(await readdir(place)).toEqual([]);
});
