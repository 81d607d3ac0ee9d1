import { UserError } from "../../../errors.ts";
import { decodeTokens, encodeTokens } from "../../../models/vae.ts";
import { decodeLatents, encodeMoments } from "../../../models/vae-kl.ts";
import { input, slice } from "../../../tensor/index.ts";
import { asOutputs, compute, feed, parityModel } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";

/** The KL autoencoder both ways, for every picture `pixels_<name>` with its `tokens_<name>` and `z_<name>`. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const model = parityModel(context);
  const config = { ...model.config, vae_scale: Number(context.params.vae_scale ?? model.config.vae_scale) };
  const { vae } = config;
  if (vae.type === "patch") throw new UserError("the vae cases are of a KL autoencoder");
  const scope = model.root.child("vae");
  const produced = new Map<string, ParityOutput>();
  const pictures = Object.keys(context.entry.inputs).filter((name) => name.startsWith("pixels_"));
  for (const picture of pictures.map((name) => name.slice("pixels_".length))) {
    const given = {
      pixels: feed(await context.input(`pixels_${picture}`)),
      tokens: feed(await context.input(`tokens_${picture}`)),
      z: feed(await context.input(`z_${picture}`)),
    };
    const pixels = input("pixels", "float32", given.pixels.shape);
    const moments = encodeMoments(scope, vae, pixels);
    const results = await compute(
      context,
      {
        [`moments_${picture}`]: moments,
        [`latent_mode_${picture}`]: slice(moments, 1, 0, vae.embed_dim),
        [`encode_tokens_${picture}`]: encodeTokens(scope, config, pixels),
        [`decode_pixels_${picture}`]: decodeTokens(scope, config, input("tokens", "float32", given.tokens.shape)),
        [`vae_decode_raw_${picture}`]: decodeLatents(scope, vae, input("z", "float32", given.z.shape)),
      },
      given,
    );
    for (const [name, output] of asOutputs(results)) produced.set(name, output);
  }
  return produced;
}
