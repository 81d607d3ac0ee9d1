/**
 * The globals that a torch pickle may name: those that rebuild tensors and plain containers. Nothing else is ever looked up, so a
 * file cannot make anything run.
 */
import { UserError } from "../errors.ts";
import { PickleFunction, type PickleWorld } from "./pickle.ts";
import { clip } from "./show-value.ts";
import { isStoredDType, type StoredDType } from "./tensor-data.ts";
import { type TorchStorage, TorchTensor } from "./torch-tensor.ts";

const STORAGE_TYPES: Record<string, StoredDType> = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

/** Element types that a checkpoint may mention as values, by their torch names. */
const DTYPES: Record<string, StoredDType> = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
};

/** `torch._utils._rebuild_tensor(storage, offset, size, stride)`, and `_v2`, which has more that only training needs. */
const rebuildTensor = new PickleFunction(([storage, offset, size, stride]) => {
  if (!isStorage(storage)) throw new UserError("The file rebuilds a tensor from something that is not a storage.");
  return new TorchTensor(storage, offset, size, stride);
});

/** `torch._utils._rebuild_parameter(data, requires_grad, backward_hooks)`: the data is the parameter. */
const rebuildParameter = new PickleFunction(([data]) => {
  if (!(data instanceof TorchTensor))
    throw new UserError("The file rebuilds a parameter from something that is not a tensor.");
  return data;
});

const GLOBALS = new Map<string, unknown>([
  ["collections.OrderedDict", new PickleFunction(([items]) => new Map(isPairs(items) ? items : []))],
  ["torch.Size", new PickleFunction(([sizes]) => sizes)],
  ["torch.device", new PickleFunction((parts) => parts.filter(isPlain).join(":"))],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", rebuildParameter],
  ...Object.entries(STORAGE_TYPES).map(([name, dtype]) => [`torch.${name}`, dtype] as const),
  ...Object.entries(DTYPES).map(([name, dtype]) => [`torch.${name}`, dtype] as const),
]);

/**
 * What a torch pickle may refer to.
 *
 * @param onStorage called with every storage that the pickle names
 */
export function torchWorld(onStorage: (storage: TorchStorage) => void): PickleWorld {
  return {
    global(module, name) {
      const value = GLOBALS.get(`${module}.${name}`);
      if (value === undefined) {
        throw new UserError(
          `The file asks for "${clip(module)}.${clip(name)}", which is not a part of plain tensor data, so it was not read; save only the tensors, with torch.save(model.state_dict(), ...).`,
        );
      }
      return value;
    },
    persistent(id) {
      const storage = parseStorage(id);
      onStorage(storage);
      return storage;
    },
  };
}

/** What a pickle that holds no tensors may refer to: nothing. */
export const NO_WORLD: PickleWorld = torchWorld(() => {
  throw new UserError("The file names a storage where plain values belong.");
});

/** A persistent id: ("storage", type, key, device, elements), in legacy files with an optional (key, start, elements) at the end. */
function parseStorage(id: unknown): TorchStorage {
  const [kind, dtype, key, , size, part] = Array.isArray(id) ? id : [];
  if (kind !== "storage" || !isStoredDType(dtype) || typeof key !== "string" || !isCount(size)) {
    throw new UserError("The file refers to something outside its pickle that is not a storage of numbers.");
  }
  if (part === null || part === undefined) return { key, dtype, size, start: 0 };
  const [, start, partSize] = Array.isArray(part) ? part : [];
  if (!isCount(start) || !isCount(partSize) || start + partSize > size) {
    throw new UserError(`The file views a part of storage "${clip(key)}" that is outside of it.`);
  }
  return { key, dtype, size: partSize, start };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value can be written as text at no cost: lists that contain each other can be endless. */
function isPlain(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function isStorage(value: unknown): value is TorchStorage {
  return typeof value === "object" && value !== null && "key" in value && "dtype" in value;
}

function isPairs(value: unknown): value is [unknown, unknown][] {
  return Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2);
}
