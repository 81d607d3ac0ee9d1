import { readTorchFile, TorchTensor, type TorchValue } from "../../../checkpoint/torch.ts";
import { storedOutput } from "../expected.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";

/** Torch files of every form: each tensor bit by bit, and the plain values saved beside them. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const produced = new Map<string, ParityOutput>();
  for (const file of context.entry.extraFiles) {
    const opened = await readTorchFile(context.file(file));
    try {
      for (const { name, dtype, shape, bytes } of opened.tensors().values()) {
        produced.set(`${file}:${name}`, storedOutput(dtype, shape, bytes));
      }
      const values = Object.entries((context.params.nested ?? {}) as object).map(([key, expected]) =>
        opened.root instanceof Map && agrees(opened.root.get(key), expected) ? 1 : 0,
      );
      produced.set(`${file}:plain`, { shape: [values.length], values });
    } finally {
      await opened.close();
    }
  }
  return produced;
}

/** Whether a value from a torch file is what JSON says it is. A tensor stands in the JSON as a list; only its length is compared. */
function agrees(got: TorchValue | undefined, expected: unknown): boolean {
  if (got instanceof TorchTensor) {
    return Array.isArray(expected) && got.shape.length === 1 && got.shape[0] === expected.length;
  }
  if (Array.isArray(expected)) {
    return Array.isArray(got) && got.length === expected.length && expected.every((item, i) => agrees(got[i], item));
  }
  return typeof got === "bigint" ? Number(got) === expected : got === expected;
}
