import { addDimensions, type Dimension } from "../dimension.ts";
import type { Emitter } from "../emitter.ts";
import { apply, type Operation, scalar, type Tensor } from "../tensor.ts";
import { attention, repeatHeads } from "./attention.ts";
import { cast, lessThan, logicalNot, where } from "./elementwise.ts";
import { range } from "./indexing.ts";
import { broadcastTo, concat, reshape, transpose } from "./movement.ts";

interface GroupedHeads {
  heads: number;
  groups: number;
}

const cachedOperation: Operation<GroupedHeads> = {
  name: "cachedAttention",
  infer: ([q, key, value, pastKey, pastValue, before], { heads, groups }) => {
    const [rows, length, width] = q.shape;
    if (q.rank !== 3 || typeof width !== "number" || width % heads !== 0 || heads % groups !== 0) {
      throw new Error(`[rows, new, width] in ${heads} equal heads, several for each of ${groups} groups, is needed.`);
    }
    const head = width / heads;
    const fresh = [rows, length, groups * head].join();
    const past = [rows, groups, pastKey.shape[2], head].join();
    if (key.shape.join() !== fresh || value.shape.join() !== fresh) throw new Error("new keys and values do not fit.");
    if (pastKey.shape.join() !== past || pastValue.shape.join() !== past) throw new Error("the cache does not fit.");
    if (before.dtype !== "int64" || before.shape.join() !== String(rows))
      throw new Error("one int64 count for each row.");
    return { shape: q.shape, dtype: q.dtype };
  },
  expand: ([q, key, value, pastKey, pastValue, before], { heads, groups }) => {
    const all = (past: Tensor, fresh: Tensor) => {
      const [rows, , length] = past.shape;
      const side = reshape(transpose(past, [0, 2, 1, 3]), [rows, length, fresh.shape[2]]);
      return repeatHeads(concat([side, fresh], 1), groups, heads);
    };
    const bias = visibility(q, pastKey.shape[2], before);
    return attention(q, all(pastKey, key), all(pastValue, value), { heads, bias });
  },
  lower: (node, inputs, emit) => {
    const head = (node.shape[2] as number) / node.attributes.heads;
    return emit.scansInPlace && head % HEAD_MULTIPLE === 0 ? lowerByRows(node, inputs, emit) : undefined;
  },
};

/** The kernel takes heads whose size is a multiple of this. */
const HEAD_MULTIPLE = 8;

/** 0 where a query may look and a very negative number where not: [rows, 1, new, past + new]. */
function visibility(q: Tensor, past: Dimension, before: Tensor): Tensor {
  const [rows, length] = q.shape;
  // Compared as int32: GPUs have no int64.
  const counted = (size: Dimension) => cast(range(size), "int32");
  const cached = lessThan(reshape(counted(past), [1, 1, 1, past]), reshape(cast(before, "int32"), [rows, 1, 1, 1]));
  const numbers = counted(length);
  const causal = logicalNot(lessThan(reshape(numbers, [1, 1, length, 1]), reshape(numbers, [1, 1, 1, length])));
  const bias = (open: Tensor, keys: Dimension) =>
    broadcastTo(where(open, scalar(0, q), scalar(-1e9, q)), [rows, 1, length, keys]);
  return concat([bias(cached, past), bias(causal, length)], 3);
}

/**
 * GroupQueryAttention works through blocks of keys, so that weights [queries, keys] never exist as a whole, and leaves out the blocks that
 * causality hides. It takes several new tokens after a cache for a single row only, hence the scan over rows.
 */
function lowerByRows(node: Tensor<GroupedHeads>, inputs: readonly string[], emit: Emitter): string {
  const { heads, groups } = node.attributes;
  const [q, key, value, pastKey, pastValue, before] = inputs;
  const [, length] = node.shape;
  const past = node.inputs[3].shape[2];
  // What the kernel wants to know of a row: the number of its last token, and how many tokens the cache and the new ones are at most.
  const last = emit.cast(emit.node("Add", [before, emit.dimension(addDimensions(length, -1))]), "int32");
  const total = emit.cast(emit.dimensions([addDimensions(past, length)]), "int32");
  const first = emit.integers([0]);
  const row = { num_heads: heads, kv_num_heads: groups };
  return emit.scan(
    [
      ...[q, key, value, pastKey, pastValue].map((array) => ({ value: array, dtype: node.dtype })),
      { value: last, dtype: "int32" },
    ],
    node.dtype,
    (slices) => {
      const single = slices.map((slice) => emit.node("Unsqueeze", [slice, first]));
      const [mixed] = emit.nodes("GroupQueryAttention", [...single, total], 3, row, "com.microsoft");
      return emit.node("Squeeze", [mixed, first]);
    },
  );
}

/**
 * Causal attention of new tokens to a cache and to each other, several query heads sharing one key-value head (arXiv 2305.13245).
 * q: [rows, new, heads x head]; key, value: those of the new tokens, [rows, new, groups x head]; past: [rows, groups, past, head], of
 * which row r sees the first `before[r]` (int64 [rows]). New token i of a row sees the new ones up to itself. Result: as q.
 */
export const cachedAttention = (
  q: Tensor,
  fresh: { key: Tensor; value: Tensor },
  past: { key: Tensor; value: Tensor },
  before: Tensor,
  heads: GroupedHeads,
): Tensor => apply(cachedOperation, [q, fresh.key, fresh.value, past.key, past.value, before], heads);
