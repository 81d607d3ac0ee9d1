import { describe, expect, test } from "vitest";
import type { StoredDType, TensorInfo } from "../../src/checkpoint/index.ts";
import { byteLength } from "../../src/checkpoint/tensor-data.ts";
import { UserError } from "../../src/errors.ts";
import { inferencePrograms } from "../../src/models/all-parameters.ts";
import { unipic15b } from "../../src/models/presets.ts";
import { planWeights } from "../../src/quantization/plan.ts";
import { parsePartPrecision, parsePrecision, partPrecisions } from "../../src/quantization/precision.ts";

/** A checkpoint of which only the header is there. */
function header(tensors: Iterable<[name: string, shape: readonly number[]]>, dtype: StoredDType = "BF16") {
  const infos = new Map<string, TensorInfo>();
  for (const [name, shape] of tensors) {
    infos.set(name, { dtype, shape: [...shape], file: "", offset: 0, length: byteLength(dtype, shape) });
  }
  return {
    names: () => [...infos.keys()],
    has: (name: string) => infos.has(name),
    info: (name: string) => infos.get(name)!,
  };
}

function officialShapes(): Map<string, readonly number[]> {
  const programs = inferencePrograms(unipic15b);
  return new Map(
    programs.flatMap(({ parameters }) =>
      [...parameters].map(([name, { shape }]) => [name, shape as number[]] as const),
    ),
  );
}

describe("a plan at the official size", () => {
  const reader = header(officialShapes());
  const planned = (precisions: Parameters<typeof planWeights>[2]) =>
    new Map(planWeights(reader, unipic15b, precisions).map((weight) => [weight.name, weight]));
  const int8 = planned(partPrecisions("int8"));

  test.each([
    ["llm.model.layers.3.self_attn.q_proj.weight", "int8", undefined],
    ["llm.model.layers.3.self_attn.q_proj.bias", "BF16", "vector"],
    ["llm.model.layers.27.mlp.down_proj.weight", "int8", undefined],
    ["llm.model.norm.weight", "BF16", "vector"],
    ["llm.model.embed_tokens.weight", "BF16", "table"],
    ["mar.encoder_blocks.0.attn.qkv.weight", "int8", undefined],
    ["mar.decoder_embed.weight", "int8", undefined],
    ["mar.z_proj.weight", "BF16", "short"],
    ["mar.decoder_pos_embed_learned", "BF16", "table"],
    ["mar.diffloss.net.res_blocks.0.adaLN_modulation.1.weight", "int8", undefined],
    ["mar.diffloss.net.input_proj.weight", "BF16", "ends"],
    ["mar.diffloss.net.final_layer.linear.weight", "BF16", "ends"],
    ["siglip2.vision_model.encoder.layers.0.mlp.fc2.weight", "int8", undefined],
    ["siglip2.vision_model.embeddings.patch_embedding.weight", "BF16", "table"],
    ["proj_in.0.weight", "int8", undefined],
    ["vae.decoder.conv_in.weight", "BF16", undefined],
  ])("makes %s %s", (name, to, kept) => {
    const weight = int8.get(name)!;
    expect([weight.to, weight.kept]).toEqual([to, kept]);
  });

  test("halves the file in int8 and counts its bytes", () => {
    const fc1 = int8.get("mar.encoder_blocks.0.mlp.fc1.weight")!;
    expect(fc1).toMatchObject({ before: 2 * 5120 * 1280, after: 5120 * 1280 + 4 * 5120 });
    const sum = (plan: typeof int8, of: "before" | "after") =>
      [...plan.values()].reduce((total, weight) => total + weight[of], 0);
    expect(sum(int8, "after") / sum(int8, "before")).toBeCloseTo(0.55, 1);
    const int4 = planned(partPrecisions("int4"));
    expect(int4.get("llm.model.layers.0.mlp.up_proj.weight")).toMatchObject({
      to: "int4",
      after: (8960 * 1536) / 2 + (2 * 8960 * 1536) / 32,
    });
    expect(int4.get("mar.encoder_blocks.0.mlp.fc1.weight")).toEqual(fc1);
  });

  test("gives every floating-point weight of a part the type that was asked for", () => {
    const mixed = planned({ vae: "fp16", mar: "fp32" });
    expect(mixed.get("vae.decoder.conv_in.weight")).toMatchObject({ from: "BF16", to: "F16" });
    expect(mixed.get("mar.encoder_norm.bias")).toMatchObject({ to: "F32" });
    expect(mixed.get("mar.diffloss.net.input_proj.weight")).toMatchObject({ to: "BF16" });
    expect(mixed.get("llm.model.norm.weight")).toMatchObject({ to: "BF16" });
    expect([...mixed.values()].filter(({ kept }) => kept)).toEqual([]);
  });
});

describe("a plan that cannot be", () => {
  const config = { ...unipic15b, llm: { ...unipic15b.llm, num_hidden_layers: 1 } };
  const name = "llm.model.layers.0.self_attn.o_proj.weight";

  test("int4 of rows that are no multiple of 32", () => {
    const odd = header([[name, [1536, 1500]]]);
    const sentence = `The weight "${name}" has rows of 1500 numbers, and int4 takes multiples of 32; choose int8 for its part.`;
    expect(() => planWeights(odd, config, partPrecisions("int4"))).toThrow(new UserError(sentence));
    expect(planWeights(odd, config, partPrecisions("int8"))[0].to).toBe("int8");
  });

  test("weights that are quantised already", () => {
    const done = { ...header([[name, [1536, 1536]]], "I8") };
    const scale = { dtype: "F32", shape: [1536], file: "", offset: 0, length: 4 * 1536 } as const;
    const reader = {
      names: () => [name, `${name}_scale`],
      has: (tensor: string) => tensor.startsWith(name),
      info: (tensor: string) => (tensor === name ? done.info(name) : { ...scale, shape: [...scale.shape] }),
    };
    expect(() => planWeights(reader, config, partPrecisions("int8"))).toThrow(/is int8 already; quantise the model/);
  });
});

describe("precisions", () => {
  test("are read, or refused with what there is", () => {
    expect(parsePrecision(" INT8 ")).toBe("int8");
    expect(() => parsePrecision("int3")).toThrow(
      'There is no precision "int3"; choose one of fp32, fp16, bf16, int8, int4.',
    );
    expect(parsePartPrecision("llm=int4")).toEqual({ llm: "int4" });
    expect(() => parsePartPrecision("llm")).toThrow("written as part=precision");
    expect(() => parsePartPrecision("vea=fp16")).toThrow(
      'There is no part "vea"; choose one of head, mar, projections, llm, siglip2, vae.',
    );
  });

  test("are spread over the parts", () => {
    expect(partPrecisions("int4")).toEqual({
      head: "int8",
      mar: "int8",
      projections: "int8",
      llm: "int4",
      siglip2: "int8",
    });
    expect(partPrecisions("int8", { vae: "fp16", head: "fp32" })).toMatchObject({ vae: "fp16", head: "fp32" });
    expect(partPrecisions("fp16").vae).toBe("fp16");
    expect(() => partPrecisions("int8", { vae: "int8" })).toThrow("The autoencoder (vae) cannot be int8");
    expect(() => partPrecisions("int8", { mar: "int4" })).toThrow("The part mar cannot be int4");
  });
});
