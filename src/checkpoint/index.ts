/** Checkpoints: reading and writing weights and the folders that they lie in. */
export { expectTensors, type ModelFolder, modelFolder } from "./folder.ts";
export { type JsonObject, readJson } from "./json.ts";
export {
  parseQuantization,
  type Quantization,
  quantizedPair,
  readWeight,
  scaleName,
  type WeightInfo,
  weightInfo,
  weightNames,
} from "./quantized.ts";
export type { QuantizedFormat } from "./quantized-numbers.ts";
export * from "./safetensors.ts";
export { isSameTensor } from "./same-tensor.ts";
export {
  byteLength,
  elementCount,
  isFloating,
  type StoredDType,
  type StoredTensor,
  type StreamedTensor,
  toBfloat16Bytes,
  toBigInt64,
  toFloat16Bytes,
  toFloat32,
} from "./tensor-data.ts";
export { readTorchFile, type TorchFile, TorchTensor, type TorchValue } from "./torch.ts";
export { openWeights, TORCH_ENDINGS, type WeightsFile } from "./weights-file.ts";
