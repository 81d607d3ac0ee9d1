import { open } from "node:fs/promises";
import { byteLength, elementCount, type StoredDType, type StreamedTensor } from "../../src/checkpoint/tensor-data.ts";
import {
  concatenate,
  dictionaryPickle,
  op,
  tensorPickle,
  zipDirectory,
  zipHeader,
} from "../checkpoint/build-torch-file.ts";

const STORAGES: Partial<Record<StoredDType, string>> = {
  F32: "FloatStorage",
  F16: "HalfStorage",
  BF16: "BFloat16Storage",
  I64: "LongStorage",
};

/**
 * Writes a torch file of any size as `torch.save` does: a stored ZIP64 file with a pickle and an entry for each tensor's numbers.
 *
 * @param options.under the key that the dictionary of tensors stands under, if any
 * @param options.twins names that are second names of other tensors, as tied weights are saved: the same numbers, once in the file
 */
export async function writeTorchFile(
  path: string,
  tensors: readonly StreamedTensor[],
  { under, twins = {} }: { under?: string; twins?: Record<string, string> } = {},
): Promise<void> {
  const pickles: Record<string, Uint8Array> = {};
  for (const [i, { name, dtype, shape }] of tensors.entries()) {
    const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
    const type = STORAGES[dtype];
    pickles[name] = tensorPickle({ storage: String(i), type, elements: elementCount(shape), shape, strides });
  }
  for (const [twin, name] of Object.entries(twins)) pickles[twin] = pickles[name];
  const pickle = under === undefined ? dictionaryPickle(pickles) : nested(under, pickles);

  const file = await open(path, "w");
  try {
    const entries: Parameters<typeof zipDirectory>[0][number][] = [];
    let end = 0;
    const write = async (bytes: Uint8Array) => {
      await file.writeFile(bytes);
      end += bytes.length;
    };
    const begin = (name: string, size: number) => {
      entries.push({ name, size, start: end });
      return write(zipHeader(name, size, { zip64: true }));
    };
    await begin("archive/data.pkl", pickle.length);
    await write(pickle);
    for (const [i, { dtype, shape, pieces }] of tensors.entries()) {
      await begin(`archive/data/${i}`, byteLength(dtype, shape));
      for await (const piece of pieces()) await write(piece);
    }
    await write(zipDirectory(entries, end, { zip64: true }));
  } finally {
    await file.close();
  }
}

function nested(key: string, pickles: Record<string, Uint8Array>): Uint8Array {
  const pairs = Object.entries(pickles).map(([name, value]) => concatenate(op.string(name), value));
  const inner = concatenate(op.emptyDictionary, op.mark, ...pairs, op.setItems);
  return dictionaryPickle({ epoch: op.integer(3), [key]: inner });
}
