import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { patchify } from "../nn/patches.ts";
import type { Scope } from "../nn/scope.ts";
import { add, attention, gelu, multiplyDimensions, linear as product, reshape, type Tensor } from "../tensor/index.ts";
import type { Siglip2Config } from "./config.ts";

/**
 * The SigLIP2 vision tower (arXiv 2502.14786): pixels [batch, 3, image_size, image_size] in [-1, 1] to the states after the last norm,
 * [batch, patches, hidden]. `scope` is the checkpoint's `siglip2`.
 */
export function siglip2Features(scope: Scope, config: Siglip2Config, pixels: Tensor): Tensor {
  const tower = scope.child("vision_model");
  let x = siglip2Embeddings(scope, config, pixels);
  for (let index = 0; index < config.num_hidden_layers; index++) {
    x = encoderLayer(x, tower.child("encoder.layers").child(index), config);
  }
  return layerNorm(x, tower.child("post_layernorm"), config.layer_norm_eps);
}

/** Patches with their positions: what the first layer sees, [batch, patches, hidden]. */
export function siglip2Embeddings(scope: Scope, config: Siglip2Config, pixels: Tensor): Tensor {
  const { hidden_size: hidden, patch_size: patch, image_size: side } = config;
  if (pixels.shape[2] !== side || pixels.shape[3] !== side) {
    throw new Error(`The vision tower sees pictures of ${side}x${side}, not ${pixels.shape[2]}x${pixels.shape[3]}.`);
  }
  const embeddings = scope.child("vision_model.embeddings");
  const numbers = 3 * patch * patch;
  const initial = { kind: "normal", deviation: 1 / Math.sqrt(numbers) } as const;
  const kernel = embeddings.child("patch_embedding").parameter("weight", [hidden, 3, patch, patch], initial);
  const bias = embeddings.child("patch_embedding").parameter("bias", [hidden], { kind: "zeros" });
  // A convolution whose stride is its kernel is a product on squares of pixels, which has a cheaper gradient.
  const squares = patchify(pixels, patch); // [batch, rows, columns, 3 x patch x patch]
  const [batch, rows, columns] = squares.shape;
  const count = multiplyDimensions(rows, columns) as number;
  const tokens = product(reshape(squares, [batch, count, numbers]), reshape(kernel, [hidden, numbers]), bias);
  const start = { kind: "normal", deviation: 1 / Math.sqrt(hidden) } as const;
  return add(tokens, embeddings.child("position_embedding").parameter("weight", [count, hidden], start));
}

/** The sizes of a layer. */
type LayerConfig = Pick<Siglip2Config, "hidden_size" | "num_attention_heads" | "intermediate_size" | "layer_norm_eps">;

/**
 * A pre-norm transformer layer in which all see all. x: [batch, patches, hidden].
 * @param bias what is added to the scores, see `attention`
 */
export function encoderLayer(x: Tensor, scope: Scope, config: LayerConfig, bias?: Tensor): Tensor {
  const { hidden_size: hidden, num_attention_heads: heads, layer_norm_eps: epsilon } = config;
  const normal = layerNorm(x, scope.child("layer_norm1"), epsilon);
  const own = scope.child("self_attn");
  const project = (name: string) => linear(normal, own.child(name), hidden);
  const mixed = attention(project("q_proj"), project("k_proj"), project("v_proj"), { heads, bias });
  const between = add(x, linear(mixed, own.child("out_proj"), hidden));
  return add(between, siglip2Mlp(layerNorm(between, scope.child("layer_norm2"), epsilon), scope.child("mlp"), config));
}

/** Linear, GELU by tanh, Linear. x: [..., hidden]. */
export function siglip2Mlp(
  x: Tensor,
  scope: Scope,
  config: Pick<Siglip2Config, "hidden_size" | "intermediate_size">,
): Tensor {
  const hidden = gelu(linear(x, scope.child("fc1"), config.intermediate_size), "tanh");
  return linear(hidden, scope.child("fc2"), config.hidden_size);
}
