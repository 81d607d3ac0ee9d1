import { linear, xavierUniform } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import { add, attention, broadcastTo, linear as product, reshape, slice, type Tensor } from "../tensor/index.ts";
import type { Siglip2Config } from "./config.ts";
import { siglip2Mlp } from "./siglip2.ts";

/**
 * One vector of a whole picture: a learned probe attends to all patches (arXiv 2303.15343). Understanding reads the patches themselves;
 * this completes the tower for those who compare pictures.
 * features: the result of `siglip2Features`, [batch, patches, hidden]; result: [batch, hidden]. `scope` is the checkpoint's `siglip2`.
 */
export function siglip2Pooled(scope: Scope, config: Siglip2Config, features: Tensor): Tensor {
  const { hidden_size: hidden, num_attention_heads: heads } = config;
  const head = scope.child("vision_model.head");
  const [batch] = features.shape;
  const start = xavierUniform(hidden, hidden);
  const probe = broadcastTo(head.parameter("probe", [1, 1, hidden], start), [batch, 1, hidden]);
  // Query, key and value lie in one weight, as torch's MultiheadAttention keeps them.
  const weight = head.parameter("attention.in_proj_weight", [3 * hidden, hidden], start);
  const bias = head.parameter("attention.in_proj_bias", [3 * hidden], { kind: "zeros" });
  const project = (x: Tensor, part: number) => {
    const [from, to] = [part * hidden, (part + 1) * hidden];
    return product(x, slice(weight, 0, from, to), slice(bias, 0, from, to));
  };
  const mixed = attention(project(probe, 0), project(features, 1), project(features, 2), { heads }); // [batch, 1, hidden]
  const seen = linear(mixed, head.child("attention.out_proj"), hidden);
  const normal = layerNorm(seen, head.child("layernorm"), config.layer_norm_eps);
  return reshape(add(seen, siglip2Mlp(normal, head.child("mlp"), config)), [batch, hidden]);
}
