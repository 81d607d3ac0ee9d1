import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { parseConfig } from "../../src/models/config.ts";
import { unipic15b, unipicMini } from "../../src/models/presets.ts";
import { tinyConfig } from "./tiny.ts";

const copy = (value: unknown) => JSON.parse(JSON.stringify(value));

describe("parseConfig", () => {
  it("gives back every configuration that is complete", () => {
    for (const config of [unipic15b, unipicMini, tinyConfig]) expect(parseConfig(copy(config))).toEqual(config);
  });

  it("fills in what has a default", () => {
    const { vae_scale: _, max_beta: __, ...rest } = copy(unipic15b);
    rest.mar.num_sampling_steps = 100;
    expect(parseConfig(rest)).toEqual(unipic15b);
  });

  it.each<[part: string, key: string, value: unknown, message: RegExp]>([
    ["llm", "num_hidden_layers", 1_000_000, /llm\.num_hidden_layers must be a whole number from 1 to 512, not 1000000/],
    ["llm", "hidden_size", 1536.5, /llm\.hidden_size must be a whole number/],
    ["llm", "num_attention_heads", 7, /not an even multiple of its heads/],
    ["llm", "num_key_value_heads", 5, /no multiple of its key-value heads/],
    ["llm", "rope_theta", "10000", /llm\.rope_theta must be a number above 0, not string/],
    ["mar", "encoder_depth", -1, /mar\.encoder_depth must be/],
    ["mar", "img_size", 520, /no multiple of vae_stride times patch_size/],
    ["mar", "img_size", 8192, /more than 256 tokens along a side/],
    ["mar", "vae_stride", 8, /not the autoencoder's 16/],
    ["mar", "vae_embed_dim", 8, /is not vae\.embed_dim/],
    ["mar", "mlp_ratio", 0.0001, /mlp_ratio times the encoder's width is not whole/],
    ["vae", "ch", 100, /patch or channels are odd/],
    ["vae", "ch_mult", new Array(20).fill(1), /ch_mult must be a list/],
    ["siglip2", "image_size", 500, /no multiple of its patch_size/],
  ])("refuses %s.%s = %j", (part, key, value, message) => {
    const config = copy(unipic15b);
    config[part][key] = value;
    expect(() => parseConfig(config, "x/config.json")).toThrow(message);
    expect(() => parseConfig(config, "x/config.json")).toThrow(UserError);
    expect(() => parseConfig(config, "x/config.json")).toThrow(/^x\/config\.json/);
  });

  it("refuses switches that are neither true nor false", () => {
    const seeing = { ...unipicMini, editing_vision: "yes" };
    expect(() => parseConfig(seeing)).toThrow(/config\.json: editing_vision must be true or false, not string/);
    const layouts = { ...unipicMini, layouts: 2 };
    expect(() => parseConfig(layouts)).toThrow(/config\.json: layouts must be true or false, not 2/);
    const changes = { ...unipicMini, changes: 1 };
    expect(() => parseConfig(changes)).toThrow(/config\.json: changes must be true or false, not 1/);
  });
});
