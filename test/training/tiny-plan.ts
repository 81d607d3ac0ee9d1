import { parseTrainConfig, type TrainConfig } from "../../src/training/train-config.ts";

/** A model of a few thousand numbers and a world of two objects: it learns something in seconds. */
export function tinyPlan(steps: number, overrides: Record<string, unknown> = {}): TrainConfig {
  const scenes = {
    tasks: ["colors"],
    objects: ["apple", "car"],
    styles: ["emoji"],
    colors: ["red", "blue"],
    backgrounds: ["plain", "grass"],
    sizes: [0.7, 0.8],
    jitter: 0,
    heldOut: "any",
  };
  return parseTrainConfig(
    {
      seed: 3,
      model: {
        llm: {
          vocab_size: 320,
          hidden_size: 32,
          num_hidden_layers: 1,
          num_attention_heads: 2,
          num_key_value_heads: 1,
          intermediate_size: 64,
        },
        mar: {
          img_size: 32,
          vae_stride: 8,
          patch_size: 1,
          encoder_embed_dim: 32,
          encoder_depth: 1,
          encoder_num_heads: 2,
          decoder_embed_dim: 32,
          decoder_depth: 1,
          decoder_num_heads: 2,
          mlp_ratio: 2,
          vae_embed_dim: 8,
          buffer_size: 2,
          diffloss_d: 1,
          diffloss_w: 48,
          diffusion_batch_mul: 2,
          num_sampling_steps: "10",
        },
        vae: { type: "patch", embed_dim: 8, patch: 8, ch: 8, num_res_blocks: 1 },
        vae_scale: 1,
        siglip2: {
          hidden_size: 32,
          num_hidden_layers: 1,
          num_attention_heads: 2,
          intermediate_size: 64,
          image_size: 32,
          patch_size: 16,
        },
      },
      tokenizer: { samples: 200, vocabularySize: 900 },
      vae: { steps: 4, batch: 4, scenes },
      checkpointEvery: 10,
      stages: [
        {
          name: "tiny",
          steps,
          batch: { generation: 8, editing: 4, understanding: 8 },
          weights: { generation: 1, editing: 1, understanding: 0.5 },
          learningRate: 0.004,
          schedule: "constant",
          warmup: 5,
          ema: 0.9,
          scenes,
          edits: { types: ["adjust", "background"], adjust: "color" },
          questions: { kinds: ["what", "color"] },
        },
      ],
      ...overrides,
    },
    "tiny",
  );
}
