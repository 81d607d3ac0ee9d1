import { join } from "node:path";
import type { JsonObject } from "../../checkpoint/json.ts";
import { openSafetensors, type SafetensorsFile } from "../../checkpoint/safetensors.ts";
import { isFloating, type StoredTensor, toBigInt64, toFloat32 } from "../../checkpoint/tensor-data.ts";
import { type CaseEntry, type Manifest, readManifest } from "./manifest.ts";

/** A tensor that a runner computed, or one it is held against. */
export interface ParityOutput {
  shape: readonly number[];
  /** Row-major; exactly product(shape) of them. */
  values: ArrayLike<number> | BigInt64Array;
}

/** A recorded tensor, with its values as numbers. */
export interface RecordedTensor extends StoredTensor {
  /** As float32, whatever it is stored as. */
  floats(): Float32Array;
  /** @throws UserError for a floating-point tensor */
  integers(): BigInt64Array;
}

/** A parity folder, open: its manifest and the weights every case shares. */
export class ParityFolder {
  readonly path: string;
  readonly manifest: Manifest;
  #weights: Promise<SafetensorsFile> | undefined;

  private constructor(path: string, manifest: Manifest) {
    this.path = path;
    this.manifest = manifest;
  }

  /** @throws UserError when the folder has no valid manifest */
  static async open(path: string): Promise<ParityFolder> {
    return new ParityFolder(path, await readManifest(path));
  }

  /** The small model's weights, opened at the first call. Those of `vae.*` may be stored as F16. */
  weights(): Promise<SafetensorsFile> {
    this.#weights ??= openSafetensors(this.file(this.manifest.weightsFile));
    return this.#weights;
  }

  /** Where a file of the folder lies. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Opens one case. Close it when done. */
  async openCase(entry: CaseEntry): Promise<ParityCase> {
    return new ParityCase(this, entry, await openSafetensors(this.file(entry.file)));
  }

  async close(): Promise<void> {
    // Weights that could not be opened were their case's failure; there is nothing to close.
    const weights = await this.#weights?.catch(() => undefined);
    await weights?.close();
  }
}

/** One case as its runner sees it. */
export class ParityCase {
  /** Shared by all cases: key a WeakMap with it to keep a compiled model from case to case. */
  readonly folder: ParityFolder;
  readonly entry: CaseEntry;
  readonly #tensors: SafetensorsFile;

  constructor(folder: ParityFolder, entry: CaseEntry, tensors: SafetensorsFile) {
    this.folder = folder;
    this.entry = entry;
    this.#tensors = tensors;
  }

  /** The model's sizes. */
  get config(): JsonObject {
    return this.folder.manifest.config;
  }

  get params(): JsonObject {
    return this.entry.params;
  }

  weights(): Promise<SafetensorsFile> {
    return this.folder.weights();
  }

  /** Where one of the case's extra files lies. */
  file(name: string): string {
    return this.folder.file(name);
  }

  /** An input, without its `in.`. */
  input(name: string): Promise<RecordedTensor> {
    return this.#read(`in.${name}`);
  }

  /** A recorded random draw, without its `rnd.`. */
  random(name: string): Promise<RecordedTensor> {
    return this.#read(`rnd.${name}`);
  }

  /** An expected output, without its `out.`; the checkpoint case's names have none to begin with. */
  expected(name: string): Promise<RecordedTensor> {
    return this.#read(this.#tensors.entries.has(`out.${name}`) ? `out.${name}` : name);
  }

  close(): Promise<void> {
    return this.#tensors.close();
  }

  async #read(name: string): Promise<RecordedTensor> {
    const tensor = await this.#tensors.read(name);
    return { ...tensor, floats: () => toFloat32(tensor), integers: () => toBigInt64(tensor) };
  }
}

/** A recorded tensor's values, whichever type they are. */
export function recordedOutput(tensor: RecordedTensor): ParityOutput {
  return { shape: tensor.shape, values: isFloating(tensor.dtype) ? tensor.floats() : tensor.integers() };
}
