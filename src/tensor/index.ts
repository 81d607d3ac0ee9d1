export * from "./dimension.ts";
export * from "./dtype.ts";
export * from "./grad.ts";
export * from "./ops/activation.ts";
export * from "./ops/attention.ts";
export * from "./ops/cached-attention.ts";
export * from "./ops/convolution.ts";
export * from "./ops/elementwise.ts";
export * from "./ops/indexing.ts";
export * from "./ops/matmul.ts";
export * from "./ops/movement.ts";
export * from "./ops/normalization.ts";
export * from "./ops/reduce.ts";
export * from "./shape.ts";
export {
  constant,
  type Initializer,
  inOrder,
  input,
  isInput,
  isParameter,
  parameter,
  scalar,
  Tensor,
} from "./tensor.ts";
