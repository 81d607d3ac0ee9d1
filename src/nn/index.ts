/** Layers that ask a scope for their weights by name. */
export { convolution } from "./convolution.ts";
export { linear, xavierUniform } from "./linear.ts";
export { groupNorm, layerNorm, rmsNorm } from "./norm.ts";
export { projection } from "./projection.ts";
export { Scope } from "./scope.ts";
