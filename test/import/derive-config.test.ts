import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { deriveConfig } from "../../src/import/derive-config.ts";
import { allParameters } from "../../src/models/all-parameters.ts";
import type { UniPicConfig } from "../../src/models/config.ts";
import { drawSizeOf, generationDefaults, officialSize } from "../../src/models/generation.ts";
import { unipic15b } from "../../src/models/presets.ts";
import { tinyOfficial } from "./tiny-official.ts";

const shapesOf = (config: UniPicConfig) =>
  new Map([...allParameters(config)].map(([name, { shape }]) => [name, shape as readonly number[]]));

describe("deriveConfig", () => {
  const official = shapesOf(unipic15b);

  it("gives the official sizes for the official shapes, whether or not the parts' folders are there", () => {
    const { vocab_size: _, ...llm } = unipic15b.llm;
    const parts = {
      languageModel: { model_type: "qwen2", ...llm },
      tower: { vision_config: { ...unipic15b.siglip2 } },
    };
    expect(deriveConfig(official, parts, "x").config).toEqual(unipic15b);
    const alone = deriveConfig(official, {}, "x");
    expect(alone.config).toEqual(unipic15b);
    expect(alone.assumed).toEqual(
      expect.arrayContaining([
        "llm.num_attention_heads 12",
        "llm.rope_theta 1000000",
        "siglip2.num_attention_heads 16",
      ]),
    );
    expect(officialSize(unipic15b.mar)).toBe(1024);
  });

  it("gives other sizes for other shapes", () => {
    const parts = { languageModel: { num_attention_heads: 4 }, tower: { num_attention_heads: 3 } };
    expect(deriveConfig(shapesOf(tinyOfficial), parts, "x").config).toEqual(tinyOfficial);
  });

  it("reads rope_theta where newer files have it", () => {
    const parts = { languageModel: { rope_parameters: { rope_theta: 5000 } } };
    expect(deriveConfig(official, parts, "x").config.llm.rope_theta).toBe(5000);
  });

  it("takes the official sizes of parts that are not there, and says so", () => {
    const some = new Map([...official].filter(([name]) => !/^(vae|siglip2)\./.test(name)));
    const { config, assumed } = deriveConfig(some, {}, "x");
    expect(config).toEqual(unipic15b);
    expect(assumed).toContain("the autoencoder's sizes: it is not there");
    expect(assumed).toContain("SigLIP2's sizes: it is not there");
  });

  it.each<[string, number[] | undefined, RegExp]>([
    ["mar.z_proj.weight", undefined, /^x is not a UniPic model: it has no tensor "mar\.z_proj\.weight"/],
    ["mar.z_proj.weight", [16], /"mar\.z_proj\.weight" in x has the shape \[16\], not 2 sizes/],
    ["mar.z_proj.weight", [1280, 0], /has the shape \[1280, 0\]/],
    ["mar.diffusion_pos_embed_learned", [1, 1000, 1280], /that the shapes in x give\.?: mar\.img_size must be a whole/],
    ["llm.model.embed_tokens.weight", [9e9, 1536], /llm\.vocab_size must be a whole number/],
  ])("refuses %s as %j", (name, shape, message) => {
    const wrong = new Map(official);
    if (shape) wrong.set(name, shape);
    else wrong.delete(name);
    expect(() => deriveConfig(wrong, {}, "x")).toThrow(message);
    expect(() => deriveConfig(wrong, {}, "x")).toThrow(UserError);
  });

  it("refuses a tower with another activation", () => {
    expect(() => deriveConfig(official, { tower: { hidden_act: "relu" } }, "x")).toThrow(/activation "relu"/);
  });
});

describe("generationDefaults", () => {
  const { mar } = unipic15b;

  it("are what the file says, and nothing where it says nothing", () => {
    const said = { edit_guidance: 1.5, edit_temperature: 0.8, edit_rounds: 2, chat_remember: "picture" };
    expect(generationDefaults(said, mar, "m")).toEqual({
      drawSize: 512,
      editGuidance: 1.5,
      editTemperature: 0.8,
      editRounds: 2,
      chatMemory: "picture",
    });
    const { drawSize: _, ...others } = generationDefaults(undefined, mar, "m");
    expect(Object.values(others)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it.each([0, "3", null, 101])("refuses to guide edits by %s", (edit_guidance) => {
    expect(() => generationDefaults({ edit_guidance }, mar, "m")).toThrow(/^m\/generation_config\.json: edit_guidance/);
  });

  it.each([0, "1", null, 11])("refuses to edit at a temperature of %s", (edit_temperature) => {
    expect(() => generationDefaults({ edit_temperature }, mar, "m")).toThrow(
      /^m\/generation_config\.json: edit_temperature must be a number from 0\.01 to 10/,
    );
  });

  it.each([
    [0, "a number from 1 to 1024"],
    [1025, "a number from 1 to 1024"],
    [1.5, "a whole number"],
  ])("refuses to edit in %s rounds", (edit_rounds, right) => {
    expect(() => generationDefaults({ edit_rounds }, mar, "m")).toThrow(`edit_rounds must be ${right}, not`);
  });
});

describe("drawSizeOf", () => {
  it("is what the file says, or the native size", () => {
    expect(drawSizeOf({ size: 1024 }, unipic15b.mar, "m")).toBe(1024);
    expect(drawSizeOf({}, unipic15b.mar, "m")).toBe(512);
    expect(drawSizeOf(undefined, unipic15b.mar, "m")).toBe(512);
  });

  it.each([0, -16, 100, 1040, "1024", null])("refuses %j", (size) => {
    expect(() => drawSizeOf({ size }, unipic15b.mar, "m")).toThrow(/^m\/generation_config\.json: size must be/);
  });
});
