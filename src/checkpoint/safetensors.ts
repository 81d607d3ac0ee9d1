/** Safetensors files: the door to everything that reads or writes them. */
export type { SafetensorsEntry } from "./safetensors-header.ts";
export { openSafetensors, parseSafetensors, type SafetensorsFile } from "./safetensors-reader.ts";
export {
  serializeSafetensors,
  type WritableTensor,
  type WriteOptions,
  writeSafetensors,
  writeSharded,
} from "./safetensors-writer.ts";
export { type CheckpointReader, openCheckpoint, type TensorInfo } from "./sharded.ts";
