import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  expectTensors,
  openCheckpoint,
  readJson,
  toFloat16Bytes,
  toFloat32,
  writeSafetensors,
} from "../../checkpoint/index.ts";
import { type Picture, resize, toModelRange } from "../../image/index.ts";
import { Scope } from "../../nn/scope.ts";
import type { Engine } from "../../runtime/engine.ts";
import { nodeEngine } from "../../runtime/node.ts";
import { Program } from "../../runtime/program.ts";
import { hostArray } from "../../tensor/dtype.ts";
import { input, softmax } from "../../tensor/index.ts";
import type { Values } from "../../training/parameters.ts";
import { namesOf, PARTS, type Part, parseReaderConfig, type ReaderConfig } from "./config.ts";
import { readerNetwork } from "./network.ts";

/** What was read in a picture of one object; null where it cannot be told. */
export interface Reading {
  object: string | null;
  /** A colour's name, or `natural`. */
  color: string | null;
  background: string | null;
  /** How probable each answer is to the reader, given or not. */
  confidence: Readonly<Record<Part, number>>;
}

export interface ReaderOptions {
  engine?: Engine;
  threads?: number;
}

const BATCH = 64;
const CONFIG_FILE = "config.json";
const WEIGHTS_FILE = "model.safetensors";

/** Tells which object a picture shows, in which colour, on what kind of background. */
export class Reader {
  private constructor(
    readonly config: ReaderConfig,
    private readonly program: Program,
  ) {}

  /**
   * Loads a reader.
   *
   * @param folder holds `config.json` and `model.safetensors`
   * @throws UserError when a file is missing, damaged, or does not fit the other
   */
  static async load(folder: string, options: ReaderOptions = {}): Promise<Reader> {
    const path = join(folder, CONFIG_FILE);
    const config = parseReaderConfig(await readJson(path), path);
    const checkpoint = await openCheckpoint(join(folder, WEIGHTS_FILE));
    try {
      const shapes = [...traced(config).scope.parameters].map(
        ([name, { shape }]) => [name, shape as number[]] as const,
      );
      expectTensors(checkpoint, new Map(shapes));
      const weights: Values = new Map();
      for (const [name, shape] of shapes) {
        weights.set(name, hostArray("float32", shape, toFloat32(await checkpoint.read(name))));
      }
      return await Reader.from(config, weights, options);
    } finally {
      await checkpoint.close();
    }
  }

  /** A reader of weights in memory. */
  static async from(config: ReaderConfig, weights: Values, options: ReaderOptions = {}): Promise<Reader> {
    const program = await Program.compile(
      options.engine ?? nodeEngine,
      traced(config).outputs,
      { fused: true, parameters: (name) => weights.get(name) },
      { device: "cpu", threads: options.threads },
    );
    return new Reader(config, program);
  }

  /** Reads pictures of any size; they are brought to the reader's own. */
  async read(pictures: readonly Picture[]): Promise<Reading[]> {
    const { size } = this.config;
    const readings: Reading[] = [];
    for (let start = 0; start < pictures.length; start += BATCH) {
      const part = pictures.slice(start, start + BATCH);
      const pixels = new Float32Array(part.length * 3 * size * size);
      part.forEach((picture, i) => {
        const fits = picture.width === size && picture.height === size;
        pixels.set(toModelRange(fits ? picture : resize(picture, size, size)), i * 3 * size * size);
      });
      const results = await this.program.run({ pixels: hostArray("float32", [part.length, 3, size, size], pixels) });
      part.forEach((_, i) => {
        const answer = (of: Part) => this.#answer(of, results[of].data as Float32Array, i);
        const [object, color, background] = PARTS.map(answer);
        readings.push({
          object: object.name,
          color: color.name,
          background: background.name,
          confidence: {
            object: object.probability,
            color: color.probability,
            background: background.probability,
          },
        });
      });
    }
    return readings;
  }

  #answer(part: Part, probabilities: Float32Array, row: number): { name: string | null; probability: number } {
    const names = namesOf(this.config, part);
    const own = probabilities.subarray(row * names.length, (row + 1) * names.length);
    const probability = Math.max(...own);
    const name = probability < this.config.least_confidence ? null : names[own.indexOf(probability)];
    return { name, probability };
  }

  release(): Promise<void> {
    return this.program.release();
  }
}

function traced(config: ReaderConfig) {
  const scope = Scope.root();
  const scores = readerNetwork(scope, config, input("pixels", "float32", ["batch", 3, config.size, config.size]));
  return { scope, outputs: Object.fromEntries(PARTS.map((part) => [part, softmax(scores[part], 1)])) };
}

/** Writes a reader's folder, the weights in half precision. */
export async function saveReader(folder: string, config: ReaderConfig, weights: Values): Promise<void> {
  await mkdir(folder, { recursive: true });
  const tensors = [...weights].map(([name, { shape, data }]) => ({
    name,
    dtype: "F16" as const,
    shape: [...shape],
    bytes: toFloat16Bytes(data as Float32Array),
  }));
  await writeSafetensors(join(folder, WEIGHTS_FILE), tensors);
  await writeFile(join(folder, CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`);
}
