import { basename, join } from "node:path";
import { type JsonObject, readJson } from "../../checkpoint/json.ts";
import { UserError } from "../../errors.ts";

const format = "unipic-goldens/1";
const mostManifestBytes = 64 * 2 ** 20;

/** What the manifest says of one tensor. */
export interface TensorEntry {
  shape: number[];
  dtype: string;
  /** Largest allowed absolute difference, where the case gives one for this output. */
  atol?: number;
  /** For pixels: how many levels the official code moves by when computed in float64 ... */
  maxLevelDifference?: number;
  /** ... and at how many places. */
  movedLevels?: number;
}

/** One case of a parity folder's manifest. */
export interface CaseEntry {
  name: string;
  /** Safetensors file beside the manifest, with `in.*`, `rnd.*` and `out.*`. */
  file: string;
  /** Which runner computes it. */
  kind: string;
  params: JsonObject;
  inputs: Record<string, TensorEntry>;
  random: Record<string, TensorEntry>;
  outputs: Record<string, TensorEntry>;
  /** More files beside the manifest that this case reads. */
  extraFiles: string[];
}

/** A parity folder's contents page. */
export interface Manifest {
  /** Sizes of the small model that made the expected outputs: sections llm, mar, vae, siglip2 and single values. */
  config: JsonObject;
  /** The safetensors file with that model's weights. */
  weightsFile: string;
  cases: CaseEntry[];
}

/**
 * Reads and checks `manifest.json` of a parity folder.
 *
 * @throws UserError when it is missing, of another format, or names a file outside the folder
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, "manifest.json");
  const manifest = await readJson(path, mostManifestBytes);
  if (manifest.format !== format) {
    throw new UserError(`"${path}" has format ${JSON.stringify(manifest.format)}; this version reads "${format}".`);
  }
  if (!Array.isArray(manifest.cases) || manifest.cases.length === 0) {
    throw new UserError(`"${path}" lists no cases.`);
  }
  const cases = manifest.cases.map((entry, i) => readCase(object(entry, `case ${i} of "${path}"`)));
  const names = new Set(cases.map(({ name }) => name));
  if (names.size < cases.length) throw new UserError(`"${path}" lists two cases of the same name.`);
  return {
    config: object(manifest.config, `"config" of "${path}"`),
    weightsFile: fileName(object(manifest.weights, `"weights" of "${path}"`).file, path),
    cases,
  };
}

function readCase(entry: JsonObject): CaseEntry {
  const { name, kind } = entry;
  if (typeof name !== "string" || typeof kind !== "string") {
    throw new UserError("Every case of a parity manifest needs a name and a kind.");
  }
  const extra = entry.extra_files ?? [];
  if (!Array.isArray(extra)) throw new UserError(`"extra_files" of case "${name}" should be a list of file names.`);
  return {
    name,
    kind,
    file: fileName(entry.file, name),
    params: object(entry.params ?? {}, `"params" of case "${name}"`),
    inputs: tensors(entry.inputs, name),
    random: tensors(entry.random, name),
    outputs: tensors(entry.outputs, name),
    extraFiles: extra.map((file) => fileName(file, name)),
  };
}

function tensors(list: unknown, caseName: string): Record<string, TensorEntry> {
  const entries = Object.entries(object(list ?? {}, `a tensor list of case "${caseName}"`));
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const { shape, dtype, atol, ...rest } = object(value, `"${name}" of case "${caseName}"`);
      const whole = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0);
      if (!whole || typeof dtype !== "string") {
        throw new UserError(`"${name}" of case "${caseName}" needs a shape and a dtype.`);
      }
      const allowances = { atol, maxLevelDifference: rest.max_int_diff, movedLevels: rest.fp64_mismatch };
      for (const allowance of Object.values(allowances)) {
        if (allowance !== undefined && !(typeof allowance === "number" && allowance >= 0)) {
          throw new UserError(`"${name}" of case "${caseName}" has a tolerance that is not a number of at least 0.`);
        }
      }
      return [name, { shape, dtype, ...allowances } as TensorEntry];
    }),
  );
}

function object(value: unknown, label: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UserError(`In the parity manifest, ${label} should be an object.`);
  }
  return value as JsonObject;
}

/** A name that cannot lead out of the folder. */
function fileName(value: unknown, label: string): string {
  if (typeof value !== "string" || value === "" || value === ".." || basename(value) !== value) {
    throw new UserError(`${label} names the file ${JSON.stringify(value)}, which is not a plain file name.`);
  }
  return value;
}
