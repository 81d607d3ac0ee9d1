import { patchify, unpatchify } from "../nn/patches.ts";
import type { Scope } from "../nn/scope.ts";
import { multiply, slice, type Tensor } from "../tensor/index.ts";
import type { UniPicConfig } from "./config.ts";
import { decodeLatents, encodeMoments } from "./vae-kl.ts";
import { decodePatches, encodePatches } from "./vae-patch.ts";

/**
 * Pixels in [-1, 1] to the latent tokens that are generated: the mean of the latent, times `vae_scale`, `patch_size` squared
 * neighbours in one token, channels first (`b c (m p) (n q) -> b m n (c p q)`).
 * pixels: [batch, 3, height, width], sides being multiples of `vae_stride * patch_size`; result: [batch, rows, columns, token].
 * `scope` is the checkpoint's `vae`.
 */
export function encodeTokens(scope: Scope, config: UniPicConfig, pixels: Tensor): Tensor {
  return patchify(multiply(latentMean(scope, config, pixels), config.vae_scale), config.mar.patch_size);
}

/** The reverse of {@link encodeTokens}: tokens [batch, rows, columns, token] to pixels [batch, 3, height, width], not limited to [-1, 1]. */
export function decodeTokens(scope: Scope, config: UniPicConfig, tokens: Tensor): Tensor {
  const latents = multiply(unpatchify(tokens, config.mar.patch_size), 1 / config.vae_scale);
  const { vae } = config;
  return vae.type === "patch" ? decodePatches(scope, vae, latents) : decodeLatents(scope, vae, latents);
}

/** Pixels [batch, 3, height, width] to [batch, embed_dim, height / stride, width / stride]; the KL autoencoder's variance is not used. */
function latentMean(scope: Scope, { vae }: UniPicConfig, pixels: Tensor): Tensor {
  return vae.type === "patch"
    ? encodePatches(scope, vae, pixels)
    : slice(encodeMoments(scope, vae, pixels), 1, 0, vae.embed_dim);
}
