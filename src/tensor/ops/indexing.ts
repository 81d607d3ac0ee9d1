import { showShape, sizeOf } from "../shape.ts";
import { apply, constant, type Operation, scalar, type Tensor } from "../tensor.ts";
import { cast, equal } from "./elementwise.ts";
import { broadcastTo, reshape, transpose } from "./movement.ts";

const gatherOperation: Operation<null> = {
  name: "gatherRows",
  infer: ([x, rows]) => {
    if (rows.dtype !== "int64") throw new Error(`row numbers are int64, not ${rows.dtype}.`);
    return { shape: [...rows.shape, ...x.shape.slice(1)], dtype: x.dtype };
  },
  gradient: (node, upstream) => {
    const [x, rows] = node.inputs;
    const flat = reshape(rows, [sizeOf(rows.shape)]);
    const updates = reshape(upstream, [sizeOf(rows.shape), ...x.shape.slice(1)]);
    return [scatterAddRows(broadcastTo(scalar(0, x), x.shape), flat, updates), undefined];
  },
  lower: (node, [x, rows], emit) => {
    const narrow = emit.narrow(x);
    if (narrow === undefined) return emit.node("Gather", [x, rows], { axis: 0 });
    return emit.cast(emit.node("Gather", [narrow, rows], { axis: 0 }), node.dtype);
  },
};

/** Rows of x (along its first axis) by number. rows: int64 of any shape; result: [...rows, ...rest of x]. */
export const gatherRows = (x: Tensor, rows: Tensor): Tensor => apply(gatherOperation, [x, rows], null);

const secondOperation: Operation<null> = {
  name: "gatherColumns",
  infer: ([x, columns]) => {
    if (columns.dtype !== "int64" || columns.rank !== 1) throw new Error("a list of int64 numbers is needed.");
    return { shape: x.shape.with(1, columns.shape[0]), dtype: x.dtype };
  },
  expand: ([x, columns]) => {
    const order = x.shape.map((_, axis) => (axis < 2 ? 1 - axis : axis));
    return transpose(gatherRows(transpose(x, order), columns), order);
  },
  lower: (_, inputs, emit) => emit.node("Gather", inputs, { axis: 1 }),
};

/** Columns of x (along its second axis) by number. columns: int64 [n]; result: [first of x, n, ...rest of x]. */
export const gatherColumns = (x: Tensor, columns: Tensor): Tensor => apply(secondOperation, [x, columns], null);

const scatterAddOperation: Operation<null> = {
  name: "scatterAddRows",
  infer: ([x, rows, updates]) => {
    if (rows.rank !== 1 || updates.shape[0] !== rows.shape[0]) throw new Error("one row number for each row to add.");
    return { shape: x.shape, dtype: x.dtype };
  },
  gradient: (node, upstream) => [upstream, undefined, gatherRows(upstream, node.inputs[1])],
  // ScatterND with reduction loses updates on two threads when rows repeat; ScatterElements does not.
  lower: (node, [x, rows, updates], emit) => {
    const { shape } = node.inputs[2];
    const column = emit.node("Reshape", [rows, emit.dimensions(shape.map((size, i) => (i === 0 ? size : 1)))], {
      allowzero: 1,
    });
    const index = emit.node("Expand", [column, emit.dimensions(shape)]);
    return emit.node("ScatterElements", [x, index, updates], { axis: 0, reduction: "add" });
  },
};

/** x with `updates[i]` added to row `rows[i]`; rows may repeat. rows: int64 [n]; updates: [n, ...rest of x]. */
export const scatterAddRows = (x: Tensor, rows: Tensor, updates: Tensor): Tensor =>
  apply(scatterAddOperation, [x, rows, updates], null);

const takeOperation: Operation<null> = {
  name: "takeLast",
  infer: ([x, index]) => {
    const lead = showShape(x.shape.slice(0, -1));
    if (index.dtype !== "int64" || showShape(index.shape.slice(0, -1)) !== lead) {
      throw new Error(`the int64 index needs the leading shape ${lead}.`);
    }
    return { shape: index.shape, dtype: x.dtype };
  },
  gradient: (node, upstream) => {
    const [x, index] = node.inputs;
    return [apply(putOperation, [broadcastTo(scalar(0, x), x.shape), index, upstream], null), undefined];
  },
  lower: (_, inputs, emit) => emit.node("GatherElements", inputs, { axis: -1 }),
};

const putOperation: Operation<null> = {
  name: "addAtLast",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  gradient: (node, upstream) => [upstream, undefined, takeLast(upstream, node.inputs[1])],
  lower: (_, inputs, emit) => emit.node("ScatterElements", inputs, { axis: -1, reduction: "add" }),
};

/** Elements of the last axis by number. x: [..., n]; index: int64 [..., k]; result: [..., k]. */
export const takeLast = (x: Tensor, index: Tensor): Tensor => apply(takeOperation, [x, index], null);

/** 1 where the index of a new last axis equals the value, else 0. index: int64 [...]; result: [..., classes]. */
export function oneHot(index: Tensor, classes: number, dtype: "float32" | "float64" = "float32"): Tensor {
  const numbers = constant(
    "int64",
    [classes],
    BigInt64Array.from({ length: classes }, (_, i) => BigInt(i)),
  );
  return cast(equal(reshape(index, [...index.shape, 1]), numbers), dtype);
}

const rangeOperation: Operation<{ size: number | string }> = {
  name: "range",
  infer: (_, { size }) => ({ shape: [size], dtype: "int64" }),
  gradient: () => [],
  lower: (node, _, emit) => emit.node("Range", [emit.dimension(0), emit.dimension(node.shape[0]), emit.dimension(1)]),
};

/** 0, 1, 2, ... as int64 [size]; the size may only be known at run time. */
export const range = (size: number | string): Tensor => apply(rangeOperation, [], { size });
