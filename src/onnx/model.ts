import type { Dimension } from "../tensor/dimension.ts";
import type { DType, HostData } from "../tensor/dtype.ts";
import type { AttributeValue } from "../tensor/emitter.ts";
import type { Shape } from "../tensor/shape.ts";
import { ProtobufWriter } from "./protobuf.ts";

/** Element types as ONNX numbers them. Some exist in files only: a program widens them or leaves them to the kernels. */
export const ONNX_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
} as const satisfies Record<StoredType, number>;

/** Element type of a weight as it lies in a file. */
export type StoredType = DType | "bfloat16" | "int8";

export interface OnnxNode {
  type: string;
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, AttributeValue>>;
  /** The nodes that a node with a body runs. */
  body?: OnnxBody;
}

/** A graph inside a node. Its nodes may use values of the graph around it. */
export interface OnnxBody {
  nodes: OnnxNode[];
  inputs: { name: string; dtype: DType }[];
  outputs: { name: string; dtype: DType }[];
}

/** A weight that stays in its file: which file (relative to the folder given at load time), and where in it. */
export interface ExternalTensor {
  name: string;
  dtype: StoredType;
  shape: readonly number[];
  file: string;
  offset: number;
  length: number;
}

export interface InlineTensor {
  name: string;
  dtype: StoredType;
  shape: readonly number[];
  data: HostData | Int8Array;
}

export interface OnnxValue {
  name: string;
  dtype: DType;
  shape: Shape;
}

export interface OnnxGraph {
  nodes: OnnxNode[];
  inline: InlineTensor[];
  external: ExternalTensor[];
  inputs: OnnxValue[];
  outputs: OnnxValue[];
}

/** The operator set our lowering is written for, and the oldest file version that knows it. */
const OPSET = 20;
const IR_VERSION = 9;

/** The graph as an ONNX file (https://onnx.ai/onnx/repo-docs/IR.html). */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  return new ProtobufWriter()
    .integer(1, IR_VERSION)
    .text(2, "unipic")
    .message(7, (writer) => writeGraph(writer, graph))
    .message(8, (opset) => opset.text(1, "").integer(2, OPSET))
    .message(8, (opset) => opset.text(1, "com.microsoft").integer(2, 1))
    .finish();
}

function writeGraph(writer: ProtobufWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) writer.message(1, (inner) => writeNode(inner, node));
  writer.text(2, "unipic");
  for (const tensor of graph.inline) writer.message(5, (inner) => writeInline(inner, tensor));
  for (const tensor of graph.external) writer.message(5, (inner) => writeExternal(inner, tensor));
  for (const value of graph.inputs) writer.message(11, (inner) => writeValue(inner, value));
  for (const value of graph.outputs) writer.message(12, (inner) => writeValue(inner, value));
}

function writeNode(writer: ProtobufWriter, node: OnnxNode): void {
  for (const name of node.inputs) writer.text(1, name);
  for (const name of node.outputs) writer.text(2, name);
  writer.text(3, `${node.type}:${node.outputs[0]}`).text(4, node.type);
  for (const [name, value] of Object.entries(node.attributes)) {
    writer.message(5, (attribute) => {
      attribute.text(1, name);
      if (typeof value === "number") attribute.integer(3, value).integer(20, 2);
      else if (typeof value === "string") attribute.text(4, value).integer(20, 3);
      else if ("float" in value) attribute.float(2, value.float).integer(20, 1);
      else {
        for (const item of value) attribute.integer(8, item);
        attribute.integer(20, 7);
      }
    });
  }
  const { body } = node;
  if (body)
    writer.message(5, (attribute) =>
      attribute
        .text(1, "body")
        .message(6, (graph) => writeBody(graph, body))
        .integer(20, 5),
    );
  if (node.domain) writer.text(7, node.domain);
}

function writeBody(writer: ProtobufWriter, body: OnnxBody): void {
  for (const node of body.nodes) writer.message(1, (inner) => writeNode(inner, node));
  writer.text(2, "body");
  const values = [body.inputs, body.outputs] as const;
  values.forEach((list, i) => {
    for (const { name, dtype } of list) {
      const type = ONNX_TYPES[dtype];
      writer.message(11 + i, (value) =>
        value.text(1, name).message(2, (kind) => kind.message(1, (tensor) => tensor.integer(1, type))),
      );
    }
  });
}

function writeHeader(writer: ProtobufWriter, tensor: InlineTensor | ExternalTensor): void {
  for (const size of tensor.shape) writer.integer(1, size);
  writer.integer(2, ONNX_TYPES[tensor.dtype]).text(8, tensor.name);
}

function writeInline(writer: ProtobufWriter, tensor: InlineTensor): void {
  writeHeader(writer, tensor);
  const { buffer, byteOffset, byteLength } = tensor.data;
  writer.bytes(9, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}

function writeExternal(writer: ProtobufWriter, tensor: ExternalTensor): void {
  writeHeader(writer, tensor);
  const entries = { location: tensor.file, offset: String(tensor.offset), length: String(tensor.length) };
  for (const [key, value] of Object.entries(entries)) {
    writer.message(13, (entry) => entry.text(1, key).text(2, value));
  }
  writer.integer(14, 1);
}

function writeValue(writer: ProtobufWriter, value: OnnxValue): void {
  writer.text(1, value.name).message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.integer(1, ONNX_TYPES[value.dtype]);
      tensor.message(2, (shape) => {
        for (const size of value.shape) shape.message(1, (inner) => writeSize(inner, size));
      });
    }),
  );
}

function writeSize(writer: ProtobufWriter, size: Dimension): void {
  if (typeof size === "number") writer.integer(1, size);
  else writer.text(2, size);
}
