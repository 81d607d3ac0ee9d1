import { convolution } from "../nn/convolution.ts";
import { groupNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  attention,
  multiplyDimensions,
  reshape,
  silu,
  type Tensor,
  transpose,
  upsampleNearest,
} from "../tensor/index.ts";
import type { KlVaeConfig } from "./config.ts";

const GROUPS = 32;
const EPSILON = 1e-6;
/** Residual blocks of an encoder level; a decoder level has one more. */
const BLOCKS = 2;

/**
 * The encoder of the KL autoencoder (arXiv 2112.10752): pixels [batch, 3, height, width] in [-1, 1] to mean and log-variance,
 * [batch, 2 x embed_dim, height / stride, width / stride], where the stride is 2^(levels - 1). The picture's size must be known in
 * advance. `scope` is the checkpoint's `vae`.
 */
export function encodeMoments(scope: Scope, config: KlVaeConfig, pixels: Tensor): Tensor {
  const encoder = scope.child("encoder");
  const { ch, ch_mult: multipliers, embed_dim: latent } = config;
  let x = convolution(pixels, encoder.child("conv_in"), ch, 3, { padding: 1 });
  multipliers.forEach((multiplier, level) => {
    const last = level === multipliers.length - 1;
    const stage = encoder.child("down").child(level);
    for (let index = 0; index < BLOCKS; index++) {
      x = residualBlock(x, stage.child("block").child(index), ch * multiplier);
      // In the last level whatever the picture's size: the place, not the resolution, is what the checkpoint fixes.
      if (last) x = pixelAttention(x, stage.child("attn").child(index));
    }
    if (!last) x = halve(x, stage.child("downsample.conv"));
  });
  x = silu(normalize(middle(x, encoder.child("mid")), encoder.child("norm_out")));
  const moments = convolution(x, encoder.child("conv_out"), 2 * latent, 3, { padding: 1 });
  return convolution(moments, scope.child("quant_conv"), 2 * latent, 1);
}

/**
 * The decoder: latents [batch, embed_dim, rows, columns] to pixels [batch, 3, rows x stride, columns x stride], about in [-1, 1].
 * `scope` is the checkpoint's `vae`.
 */
export function decodeLatents(scope: Scope, config: KlVaeConfig, latents: Tensor): Tensor {
  const decoder = scope.child("decoder");
  const { ch, ch_mult: multipliers, embed_dim: latent } = config;
  const lowest = multipliers.length - 1;
  const z = convolution(latents, scope.child("post_quant_conv"), latent, 1);
  let x = convolution(z, decoder.child("conv_in"), ch * multipliers[lowest], 3, { padding: 1 });
  x = middle(x, decoder.child("mid"));
  for (let level = lowest; level >= 0; level--) {
    const stage = decoder.child("up").child(level);
    for (let index = 0; index <= BLOCKS; index++) {
      x = residualBlock(x, stage.child("block").child(index), ch * multipliers[level]);
    }
    if (level > 0) x = double(x, stage.child("upsample.conv"));
  }
  x = silu(normalize(x, decoder.child("norm_out")));
  return convolution(x, decoder.child("conv_out"), 3, 3, { padding: 1 });
}

const normalize = (x: Tensor, scope: Scope): Tensor => groupNorm(x, scope, GROUPS, EPSILON);

const middle = (x: Tensor, scope: Scope): Tensor => {
  const channels = x.shape[1] as number;
  const before = pixelAttention(residualBlock(x, scope.child("block_1"), channels), scope.child("attn_1"));
  return residualBlock(before, scope.child("block_2"), channels);
};

/** Norm, swish, convolution, twice, around which x passes; a 1x1 convolution where the number of channels changes. */
function residualBlock(x: Tensor, scope: Scope, out: number): Tensor {
  const first = silu(normalize(x, scope.child("norm1")));
  const hidden = convolution(first, scope.child("conv1"), out, 3, { padding: 1 });
  const second = silu(normalize(hidden, scope.child("norm2")));
  const change = convolution(second, scope.child("conv2"), out, 3, { padding: 1 });
  return add(x.shape[1] === out ? x : convolution(x, scope.child("nin_shortcut"), out, 1), change);
}

/** Self-attention of one head over all pixels. x: [batch, channels, height, width]. */
function pixelAttention(x: Tensor, scope: Scope): Tensor {
  const [batch, channels, height, width] = x.shape;
  const normal = normalize(x, scope.child("norm"));
  const project = (name: string) => {
    const map = convolution(normal, scope.child(name), channels as number, 1);
    return transpose(reshape(map, [batch, channels, multiplyDimensions(height, width)]), [0, 2, 1]);
  };
  const mixed = attention(project("q"), project("k"), project("v"), { heads: 1 }); // [batch, pixels, channels]
  const back = reshape(transpose(mixed, [0, 2, 1]), x.shape);
  return add(x, convolution(back, scope.child("proj_out"), channels as number, 1));
}

/** Half the size: one row and column of zeros at the bottom and right only, then a stride of 2. */
const halve = (x: Tensor, scope: Scope): Tensor =>
  convolution(x, scope, x.shape[1] as number, 3, { stride: 2, padding: [0, 0, 1, 1] });

const double = (x: Tensor, scope: Scope): Tensor =>
  convolution(upsampleNearest(x, 2), scope, x.shape[1] as number, 3, { padding: 1 });
