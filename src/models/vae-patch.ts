import { convolution } from "../nn/convolution.ts";
import { depthToSpace, patchify, unpatchify } from "../nn/patches.ts";
import { residualBlock } from "../nn/residual-block.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  convolution as convolve,
  linear as product,
  reshape,
  silu,
  type Tensor,
  transpose,
} from "../tensor/index.ts";
import type { PatchVaeConfig } from "./config.ts";

/**
 * Pixels [batch, 3, height, width] to latents [batch, embed_dim, height / patch, width / patch]: one linear map of every square of
 * pixels, so principal components are a good start for `encoder.weight` [embed_dim, 3, patch, patch]. `scope` is the checkpoint's `vae`.
 */
export function encodePatches(scope: Scope, config: PatchVaeConfig, pixels: Tensor): Tensor {
  const { embed_dim: latent, patch } = config;
  const numbers = 3 * patch * patch;
  const encoder = scope.child("encoder");
  const initial = { kind: "uniform", limit: Math.sqrt(3 / numbers) } as const;
  const weight = encoder.parameter("weight", [latent, 3, patch, patch], initial);
  const bias = encoder.parameter("bias", [latent], { kind: "zeros" });
  const latents = product(patchify(pixels, patch), reshape(weight, [latent, numbers]), bias);
  return transpose(latents, [0, 3, 1, 2]);
}

/**
 * Latents [batch, embed_dim, rows, columns] to pixels [batch, 3, rows x patch, columns x patch]: a linear map of every token to its
 * square (`decoder.linear`, whose good start is the transpose of the encoder), plus what convolutions that see the neighbours add to
 * it, which starts at nothing. Channels halve at every doubling of the sides, so each stage costs the same.
 */
export function decodePatches(scope: Scope, config: PatchVaeConfig, latents: Tensor): Tensor {
  const decoder = scope.child("decoder");
  const { ch, patch, num_res_blocks: blocks } = config;
  const doublings = Math.log2(patch);
  if (!Number.isInteger(doublings) || doublings < 1) {
    throw new Error(`A patch of ${patch} pixels cannot be reached by doubling: use a power of two of at least 2.`);
  }
  let x = convolution(latents, decoder.child("conv_in"), ch, 3, { padding: 1 });
  for (let level = 0; level < doublings; level++) {
    const stage = decoder.child("up").child(level);
    // The stages end at half the full resolution; the head makes the last doubling, as full-size feature maps are dear.
    if (level > 0) x = depthToSpace(convolution(x, stage.child("enlarge"), 4 * width(ch, level), 1), 2);
    // Without norms, so a picture's brightness is kept.
    for (let index = 0; index < blocks; index++) x = residualBlock(x, stage.child("block").child(index));
  }
  const correction = depthToSpace(startingAtZero(silu(x), decoder.child("conv_out"), 3 * 4), 2);
  return add(linearPart(decoder.child("linear"), latents, patch), correction);
}

const width = (channels: number, level: number): number => Math.max(Math.floor(channels / 2 ** level), 1);

/** Every token's own square. latents: [batch, embed_dim, rows, columns]; result: [batch, 3, height, width]. */
function linearPart(scope: Scope, latents: Tensor, patch: number): Tensor {
  const tokens = transpose(latents, [0, 2, 3, 1]); // [batch, rows, columns, embed_dim]
  const inner = latents.shape[1] as number;
  const numbers = 3 * patch * patch;
  const weight = scope.parameter("weight", [numbers, inner], { kind: "uniform", limit: Math.sqrt(3 / inner) });
  return unpatchify(product(tokens, weight, scope.parameter("bias", [numbers], { kind: "zeros" })), patch);
}

function startingAtZero(x: Tensor, scope: Scope, out: number): Tensor {
  const weight = scope.parameter("weight", [out, x.shape[1] as number, 3, 3], { kind: "zeros" });
  return convolve(x, weight, scope.parameter("bias", [out], { kind: "zeros" }), { padding: 1 });
}
