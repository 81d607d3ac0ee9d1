import { dirname, join } from "node:path";
import { openCheckpoint, readJson, readWeight } from "../checkpoint/index.ts";
import { nativeSide, parseConfig, tokenWidth, type UniPicConfig } from "../models/config.ts";
import { decodeTokens, encodeTokens } from "../models/vae.ts";
import { Scope } from "../nn/scope.ts";
import type { Random } from "../random.ts";
import type { Engine } from "../runtime/engine.ts";
import { Program } from "../runtime/program.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import { add, clamp, input } from "../tensor/index.ts";

/**
 * A model's autoencoder, there and back in one program, with noise put on the latents in between: what a picture looks like that
 * a model draws well (no noise) or less well (some).
 */
export class Autoencoder {
  private constructor(
    private readonly program: Program,
    readonly config: UniPicConfig,
  ) {}

  /**
   * Loads the weights `vae.*` of a model.
   *
   * @param path a model folder, or a safetensors file that lies beside its `config.json`
   * @throws UserError when there is no such model or it has no autoencoder
   */
  static async load(engine: Engine, path: string, threads?: number): Promise<Autoencoder> {
    const folder = path.endsWith(".safetensors") ? dirname(path) : path;
    const config = parseConfig(await readJson(join(folder, "config.json")));
    const scope = Scope.root();
    const vae = scope.child("vae");
    const side = config.mar.img_size;
    const tokens = encodeTokens(vae, config, input("pixels", "float32", ["batch", 3, side, side]));
    const noise = input("noise", "float32", [
      "batch",
      nativeSide(config.mar),
      nativeSide(config.mar),
      tokenWidth(config.mar),
    ]);
    const decoded = clamp(decodeTokens(vae, config, add(tokens, noise)), -1, 1);
    const checkpoint = await openCheckpoint(path);
    try {
      const values = new Map<string, Float32Array>();
      for (const name of scope.parameters.keys()) values.set(name, (await readWeight(checkpoint, name)).values);
      const program = await Program.compile(
        engine,
        { decoded },
        { fused: true, parameters: (name, shape) => ({ data: values.get(name)!, shape }) },
        { device: "cpu", threads },
      );
      return new Autoencoder(program, config);
    } finally {
      await checkpoint.close();
    }
  }

  /** Side in pixels of the pictures it takes. */
  get size(): number {
    return this.config.mar.img_size;
  }

  /**
   * Pixels [batch, 3, size, size] in [-1, 1] through the autoencoder.
   *
   * @param deviations for every picture the standard deviation of the noise on its latents, whose own is near 1
   */
  async roundTrip(pixels: HostArray, deviations: readonly number[], random: Random): Promise<HostArray> {
    const { mar } = this.config;
    const side = nativeSide(mar);
    const numbers = side * side * tokenWidth(mar);
    const noise = random.normals(deviations.length * numbers);
    for (let i = 0; i < noise.length; i++) noise[i] *= deviations[Math.floor(i / numbers)];
    const shape = [deviations.length, side, side, tokenWidth(mar)];
    return (await this.program.run({ pixels, noise: hostArray("float32", shape, noise) })).decoded;
  }

  release(): Promise<void> {
    return this.program.release();
  }
}
