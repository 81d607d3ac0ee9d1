import { addDimensions, type Dimension, multiplyDimensions } from "../dimension.ts";
import { staticShape } from "../shape.ts";
import { apply, type Operation, type Tensor } from "../tensor.ts";
import { add } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { broadcastTo, concat, pad, reshape, slice, transpose } from "./movement.ts";
import { reduceSum } from "./reduce.ts";

/** Zeros around a picture, in pixels: top, left, bottom, right. */
export type Padding = readonly [number, number, number, number];

interface Window {
  stride: number;
  padding: Padding;
}

function outputSize(size: Dimension, kernel: number, stride: number, before: number, after: number): Dimension {
  const room = addDimensions(size, before + after - kernel);
  if (typeof room === "number") return Math.floor(room / stride) + 1;
  if (stride === 1) return addDimensions(room, 1);
  throw new Error(`a stride of ${stride} needs the picture's size known in advance.`);
}

const convolutionOperation: Operation<Window> = {
  name: "convolution",
  infer: ([x, weight], { stride, padding }) => {
    const [out, channels, rows, columns] = staticShape(weight.shape, "A convolution kernel");
    if (x.rank !== 4 || x.shape[1] !== channels) throw new Error(`the picture needs ${channels} channels.`);
    const height = outputSize(x.shape[2], rows, stride, padding[0], padding[2]);
    const width = outputSize(x.shape[3], columns, stride, padding[1], padding[3]);
    return { shape: [x.shape[0], out, height, width], dtype: x.dtype };
  },
  gradient: (node, g) => {
    const [x, weight] = node.inputs;
    return [
      apply(inputGradientOperation, [g, weight], { ...node.attributes, shape: staticShape(x.shape, "The gradient") }),
      kernelGradient(x, weight, g, node.attributes),
    ];
  },
  lower: (node, inputs, emit) => {
    const { stride, padding } = node.attributes;
    return emit.node("Conv", inputs, { strides: [stride, stride], pads: [...padding] });
  },
};

const inputGradientOperation: Operation<Window & { shape: readonly number[] }> = {
  name: "convolutionInputGradient",
  infer: ([g], { shape }) => ({ shape, dtype: g.dtype }),
  lower: (node, [g, weight], emit) => {
    const { stride, padding, shape } = node.attributes;
    const [, , rows, columns] = node.inputs[1].shape as number[];
    const [, , height, width] = node.inputs[0].shape as number[];
    // What the forward pass left over at the bottom and right when the stride did not divide.
    const left = (size: number, out: number, kernel: number, before: number, after: number) =>
      size - ((out - 1) * stride + kernel - before - after);
    const extra = [
      left(shape[2], height, rows, padding[0], padding[2]),
      left(shape[3], width, columns, padding[1], padding[3]),
    ];
    return emit.node("ConvTranspose", [g, weight], {
      strides: [stride, stride],
      pads: [...padding],
      output_padding: extra,
    });
  },
};

/** One slice of the padded picture for every place in the kernel, each against the gradient. */
function kernelGradient(x: Tensor, weight: Tensor, g: Tensor, { stride, padding }: Window): Tensor {
  const [out, channels, rows, columns] = staticShape(weight.shape, "A convolution kernel");
  const [batch, , height, width] = staticShape(g.shape, "The gradient of a convolution");
  const [top, left, bottom, right] = padding;
  // One spare stride at the end keeps the strided view below inside the picture.
  const padded = pad(pad(transpose(x, [1, 0, 2, 3]), 2, top, bottom + stride - 1), 3, left, right + stride - 1);
  const flat = reshape(transpose(g, [1, 0, 2, 3]), [out, batch * height * width]); // [out, places]
  const taps: Tensor[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const part = slice(slice(padded, 2, row, row + height * stride), 3, column, column + width * stride);
      const places = reshape(everyOther(part, stride, height, width), [channels, batch * height * width]);
      taps.push(reshape(matmul(flat, places, { transposeB: true }), [out, channels, 1]));
    }
  }
  return reshape(concat(taps, 2), weight.shape);
}

function everyOther(x: Tensor, stride: number, height: number, width: number): Tensor {
  if (stride === 1) return x;
  const [batch, channels] = x.shape;
  const apart = reshape(x, [batch, channels, height, stride, width, stride]);
  return reshape(slice(slice(apart, 3, 0, 1), 5, 0, 1), [batch, channels, height, width]);
}

/**
 * Two-dimensional convolution. x: [batch, in, height, width]; weight: [out, in, rows, columns]; bias: [out].
 * `padding` is one number for all sides or [top, left, bottom, right].
 */
export function convolution(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: { stride?: number; padding?: number | Padding } = {},
): Tensor {
  const { stride = 1, padding = 0 } = options;
  const sides: Padding = typeof padding === "number" ? [padding, padding, padding, padding] : padding;
  const y = apply(convolutionOperation, [x, weight], { stride, padding: sides });
  return bias ? add(y, reshape(bias, [1, bias.shape[0], 1, 1])) : y;
}

const upsampleOperation: Operation<{ factor: number }> = {
  name: "upsampleNearest",
  infer: ([x], { factor }) => {
    const [batch, channels, height, width] = x.shape;
    const larger = [height, width].map((size) => multiplyDimensions(size, factor));
    return { shape: [batch, channels, ...larger], dtype: x.dtype };
  },
  expand: ([x], { factor }) => {
    const [batch, channels, height, width] = staticShape(x.shape, "Upsampling");
    const apart = reshape(x, [batch, channels, height, 1, width, 1]);
    const stretched = broadcastTo(apart, [batch, channels, height, factor, width, factor]);
    return reshape(stretched, [batch, channels, height * factor, width * factor]);
  },
  gradient: (node, g) => {
    const { factor } = node.attributes;
    const [batch, channels, height, width] = staticShape(node.inputs[0].shape, "The gradient of upsampling");
    return [reduceSum(reshape(g, [batch, channels, height, factor, width, factor]), [3, 5])];
  },
  lower: (node, [x], emit) => {
    const { factor } = node.attributes;
    const scales = emit.constant(Float32Array.of(1, 1, factor, factor), [4], "float32");
    return emit.node("Resize", [x, "", scales], {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
  },
};

/** Every pixel repeated `factor` times in both directions. x: [batch, channels, height, width]. */
export const upsampleNearest = (x: Tensor, factor: number): Tensor => apply(upsampleOperation, [x], { factor });
