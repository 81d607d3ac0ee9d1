import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
import { type HostArray, hostArray } from "../../tensor/dtype.ts";
import { input, sigmoid, softmax } from "../../tensor/index.ts";
import type { Values } from "../../training/parameters.ts";
import type { Looker, Sighting } from "../sighting.ts";
import { type DetectorConfig, gridSide, parseDetectorConfig } from "./config.ts";
import { decode, likeliest } from "./decode.ts";
import {
  BACKGROUND_PARTS,
  type BackgroundPart,
  backgroundHeads,
  backgroundNames,
  detectorTrunk,
  heatHead,
  objectHeads,
} from "./network.ts";

export interface DetectorOptions {
  engine?: Engine;
  threads?: number;
}

/** The detector that ships with the package. */
export const DEFAULT_DETECTOR = fileURLToPath(new URL("../../../models/detector", import.meta.url));

const BATCH = 32;
const CONFIG_FILE = "config.json";
const WEIGHTS_FILE = "model.safetensors";

/** Finds objects with their boxes and colours, and tells the background. */
export class Detector implements Looker {
  private constructor(
    readonly config: DetectorConfig,
    private readonly program: Program,
  ) {}

  /**
   * Loads a detector.
   *
   * @param folder holds `config.json` and `model.safetensors`
   * @throws UserError when a file is missing, damaged, or does not fit the other
   */
  static async load(folder: string = DEFAULT_DETECTOR, options: DetectorOptions = {}): Promise<Detector> {
    const path = join(folder, CONFIG_FILE);
    const config = parseDetectorConfig(await readJson(path), path);
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
      return await Detector.from(config, weights, options);
    } finally {
      await checkpoint.close();
    }
  }

  /** A detector of weights in memory. */
  static async from(config: DetectorConfig, weights: Values, options: DetectorOptions = {}): Promise<Detector> {
    const program = await Program.compile(
      options.engine ?? nodeEngine,
      traced(config).outputs,
      { fused: true, parameters: (name) => weights.get(name) },
      { device: "cpu", threads: options.threads },
    );
    return new Detector(config, program);
  }

  /** Looks at pictures of any size; they are brought to the detector's own. */
  async look(pictures: readonly Picture[]): Promise<Sighting[]> {
    const { size } = this.config;
    const seen: Sighting[] = [];
    for (let start = 0; start < pictures.length; start += BATCH) {
      const part = pictures.slice(start, start + BATCH);
      const pixels = new Float32Array(part.length * 3 * size * size);
      part.forEach((picture, i) => {
        const fits = picture.width === size && picture.height === size;
        pixels.set(toModelRange(fits ? picture : resize(picture, size, size)), i * 3 * size * size);
      });
      const results = await this.program.run({ pixels: hostArray("float32", [part.length, 3, size, size], pixels) });
      for (let i = 0; i < part.length; i++) seen.push(this.#sighting(results, part.length, i));
    }
    return seen;
  }

  #sighting(results: Readonly<Record<string, HostArray>>, count: number, picture: number): Sighting {
    const { config } = this;
    const own = (name: string): Float32Array => {
      const data = results[name].data as Float32Array;
      return data.subarray((picture * data.length) / count, ((picture + 1) * data.length) / count);
    };
    const [heat, object, color, painted, box] = ["heat", "object", "color", "painted", "box"].map(own);
    const objects = decode(
      { side: gridSide(config), heat, object, color, painted, box },
      { objects: config.objects, colors: config.colors, leastScore: config.least_score },
    );
    const told = (part: BackgroundPart) => likeliest(own(part), backgroundNames(config, part), 0)[0];
    return {
      objects,
      background: { kind: told("background")!, color: told("background_color"), secondColor: told("second_color") },
    };
  }

  release(): Promise<void> {
    return this.program.release();
  }
}

function traced(config: DetectorConfig) {
  const scope = Scope.root();
  const pixels = input("pixels", "float32", ["batch", 3, config.size, config.size]);
  const { cells, picture } = detectorTrunk(scope, config, pixels);
  const heads = objectHeads(scope, config, cells);
  const backgrounds = backgroundHeads(scope, config, picture);
  const outputs = {
    heat: sigmoid(heatHead(scope, cells)),
    object: softmax(heads.object),
    color: softmax(heads.color),
    painted: sigmoid(heads.painted),
    box: heads.box,
    ...Object.fromEntries(BACKGROUND_PARTS.map((part) => [part, softmax(backgrounds[part])])),
  };
  return { scope, outputs };
}

/** Writes a detector's folder, the weights in half precision. */
export async function saveDetector(folder: string, config: DetectorConfig, weights: Values): Promise<void> {
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
