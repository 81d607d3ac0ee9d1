/** One block of each kind at the official model's size, with random weights: fp32 beside int8 and int4. */
import { join } from "node:path";
import { type CheckpointReader, openCheckpoint, type StoredTensor, writeSafetensors } from "../src/checkpoint/index.ts";
import { markdownTable } from "../src/evaluation/report.ts";
import type { UniPicConfig } from "../src/models/config.ts";
import { denoiser } from "../src/models/denoiser.ts";
import { encodeVisible } from "../src/models/mar.ts";
import { unipic15b } from "../src/models/presets.ts";
import { qwen2 } from "../src/models/qwen2.ts";
import { Scope } from "../src/nn/scope.ts";
import { checkpointWeights } from "../src/pipeline/weights.ts";
import { convertedTensors } from "../src/quantization/convert.ts";
import { planWeights } from "../src/quantization/plan.ts";
import { partPrecisions } from "../src/quantization/precision.ts";
import { Random } from "../src/random.ts";
import { nodeEngine } from "../src/runtime/node.ts";
import { Program } from "../src/runtime/program.ts";
import { type HostArray, hostArray, input, sizeOf, type Tensor } from "../src/tensor/index.ts";
import { productFlops, sizesOf } from "./product-flops.ts";
import { withFolder } from "./scratch.ts";

const FORMATS = ["fp32", "int8", "int4"] as const;
type Format = (typeof FORMATS)[number];

interface Block {
  name: string;
  formats: readonly Format[];
  trace: (root: Scope) => Tensor;
  feeds: Record<string, HostArray>;
}

export interface MeasuredBlock {
  name: string;
  results: { format: Format; megabytes: number; seconds: number; gflops: number; error: number }[];
}

/** Timed runs; formats take turns, and the best counts. */
const RUNS = 5;

const { llm, mar } = unipic15b;
/** One layer each, and the whole head. */
const CONFIG: UniPicConfig = {
  ...unipic15b,
  llm: { ...llm, num_hidden_layers: 1 },
  mar: { ...mar, encoder_depth: 1, decoder_depth: 1 },
};

/** Half of a 1024 px picture's tokens with the buffer, and a prompt. */
const TOKENS = 2048 + mar.buffer_size;
const PROMPT = 48;

function blocks(): Block[] {
  const random = new Random(1);
  const numbers = (...shape: number[]): HostArray =>
    hostArray("float32", shape, random.normals(shape.reduce((a, b) => a * b)));
  const whole = (shape: number[], of: (i: number) => number): HostArray =>
    hostArray(
      "int64",
      shape,
      Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => of(i)),
    );
  const languageBlock = (name: string, length: number): Block => ({
    name,
    formats: FORMATS,
    trace: (root) => {
      const embeddings = input("embeddings", "float32", [1, length, llm.hidden_size]);
      const positions = input("positions", "int64", [1, length]);
      const mask = input("mask", "int64", [1, length]);
      return qwen2(root.child("llm"), CONFIG.llm, { embeddings, positions, mask }).states;
    },
    feeds: {
      embeddings: numbers(1, length, llm.hidden_size),
      positions: whole([1, length], (i) => i),
      mask: whole([1, length], () => 1),
    },
  });
  const side = 64;
  const head = (rows: number): Block => ({
    name: `diffusion head, ${rows} rows`,
    formats: ["fp32", "int8"],
    trace: (root) => {
      const x = input("x", "float32", [rows, mar.vae_embed_dim]);
      const condition = input("condition", "float32", [rows, mar.decoder_embed_dim]);
      return denoiser(root.child("mar.diffloss.net"), mar, x, input("timestep", "float32", [1]), condition);
    },
    feeds: {
      x: numbers(rows, mar.vae_embed_dim),
      condition: numbers(rows, mar.decoder_embed_dim),
      timestep: hostArray("float32", [1], [500]),
    },
  });
  return [
    languageBlock(`Qwen2 block, ${PROMPT + TOKENS} tokens`, PROMPT + TOKENS),
    languageBlock("Qwen2 block, 1 token", 1),
    {
      name: `MAR block, ${TOKENS} tokens`,
      formats: ["fp32", "int8"],
      trace: (root) => {
        const count = TOKENS - mar.buffer_size;
        const visible = input("visible", "float32", [1, count, mar.vae_embed_dim]);
        return encodeVisible(root.child("mar"), CONFIG.mar, visible, input("places", "int64", [1, count]), [
          side,
          side,
        ]);
      },
      feeds: {
        visible: numbers(1, TOKENS - mar.buffer_size, mar.vae_embed_dim),
        places: whole([1, TOKENS - mar.buffer_size], (i) => 2 * i),
      },
    },
    head(128),
    head(1024),
  ];
}

export async function measureBlocks(): Promise<MeasuredBlock[]> {
  const measured: MeasuredBlock[] = [];
  for (const block of blocks()) {
    measured.push(await withFolder((folder) => measureBlock(block, folder)));
    process.stderr.write(`${block.name} measured\n`);
  }
  return measured;
}

async function measureBlock({ name, formats, trace, feeds }: Block, scratch: string): Promise<MeasuredBlock> {
  const root = Scope.root();
  const result = trace(root);
  const flop = productFlops([result], sizesOf([result], feeds));
  const original = join(scratch, "fp32.safetensors");
  await writeSafetensors(original, randomTensors(root.parameters));
  const reader = await openCheckpoint(original);
  const programs: { format: Format; program: Program; megabytes: number }[] = [];
  for (const format of formats) {
    const path = join(scratch, `${format}.safetensors`);
    if (format !== "fp32") await writeSafetensors(path, quantized(reader, format));
    const opened = await openCheckpoint(path);
    await opened.close();
    const lowering = { fused: true, parameters: checkpointWeights(opened).source };
    const program = await Program.compile(nodeEngine, { result }, lowering, { device: "cpu", weightsFolder: scratch });
    const megabytes = opened.names().reduce((sum, each) => sum + opened.info(each).length, 0) / 1e6;
    programs.push({ format, program, megabytes });
  }
  await reader.close();
  const best = programs.map(() => Number.POSITIVE_INFINITY);
  const values: Float32Array[] = [];
  for (let turn = 0; turn <= RUNS; turn++) {
    for (const [i, { program }] of programs.entries()) {
      const start = performance.now();
      const found = await program.run(feeds);
      // The first run warms up.
      if (turn > 0) best[i] = Math.min(best[i], (performance.now() - start) / 1000);
      values[i] = found.result.data as Float32Array;
    }
  }
  await Promise.all(programs.map(({ program }) => program.release()));
  return {
    name,
    results: programs.map(({ format, megabytes }, i) => ({
      format,
      megabytes,
      seconds: best[i],
      gflops: flop / best[i] / 1e9,
      error: distance(values[i], values[0]),
    })),
  };
}

/** Normal weights whose products keep the size of what comes in; norms near one. */
function randomTensors(parameters: ReadonlyMap<string, Tensor>): StoredTensor[] {
  const random = new Random(2);
  return [...parameters].map(([name, { shape }]) => {
    const sizes = shape as number[];
    const values = random.normals(sizeOf(sizes) as number);
    const isNorm = sizes.length === 1 && name.endsWith("weight");
    const scale = sizes.length < 2 ? 0.02 : 1 / Math.sqrt(sizes.at(-1)!);
    for (let i = 0; i < values.length; i++) values[i] = (isNorm ? 1 : 0) + scale * values[i];
    return { name, dtype: "F32", shape: sizes, bytes: new Uint8Array(values.buffer) };
  });
}

function quantized(reader: CheckpointReader, format: "int8" | "int4"): StoredTensor[] {
  return convertedTensors(reader, planWeights(reader, CONFIG, partPrecisions(format)));
}

function distance(found: Float32Array, expected: Float32Array): number {
  let [off, length] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    off += (found[i] - expected[i]) ** 2;
    length += expected[i] ** 2;
  }
  return Math.sqrt(off / length);
}

export function showBlocks(measured: readonly MeasuredBlock[]): string {
  const rows = measured.flatMap(({ name, results }) =>
    results.map(({ format, megabytes, seconds, gflops, error }) => [
      name,
      format,
      megabytes.toFixed(0),
      (1000 * seconds).toFixed(seconds < 0.01 ? 2 : 0),
      gflops.toFixed(0),
      `${(results[0].seconds / seconds).toFixed(2)}x`,
      `${(100 * error).toFixed(2)} %`,
    ]),
  );
  return markdownTable(["official size, random weights", "", "MB", "ms", "GFLOPS", "speed", "error"], rows);
}
