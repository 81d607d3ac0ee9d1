import { positiveAxis } from "../shape.ts";
import { apply, type Operation, type Tensor } from "../tensor.ts";
import { add, erf, exp, log, multiply, sigmoid, subtract, tanh } from "./elementwise.ts";
import { reduceMax, reduceSum } from "./reduce.ts";

interface Axis {
  axis: number;
}

const softmaxOperation: Operation<Axis> = {
  name: "softmax",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  gradient: (node, g) => {
    const weighted = multiply(g, node);
    return [subtract(weighted, multiply(node, reduceSum(weighted, [node.attributes.axis], true)))];
  },
  lower: (node, inputs, emit) => emit.node("Softmax", inputs, { axis: node.attributes.axis }),
};

/** exp(x) / sum(exp(x)) along an axis. */
export const softmax = (x: Tensor, axis = -1): Tensor =>
  apply(softmaxOperation, [x], { axis: positiveAxis(axis, x.rank) });

/** log(softmax(x)) along an axis, without overflow. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  const at = [positiveAxis(axis, x.rank)];
  const shifted = subtract(x, reduceMax(x, at, true));
  return subtract(shifted, log(reduceSum(exp(shifted), at, true)));
}

/** x sigmoid(x), also called swish. */
export const silu = (x: Tensor): Tensor => multiply(x, sigmoid(x));

interface GeluForm {
  form: "exact" | "tanh";
}

const geluOperation: Operation<GeluForm> = {
  name: "gelu",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  expand: ([x], { form }) => multiply(x, cumulative(x, form)),
  gradient: (node, g) => {
    const [x] = node.inputs;
    const { form } = node.attributes;
    if (form === "exact") {
      const density = multiply(exp(multiply(multiply(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [multiply(g, add(cumulative(x, form), multiply(x, density)))];
    }
    const inner = tanh(tanhArgument(x));
    const slope = multiply(add(multiply(multiply(x, x), 3 * CUBIC), 1), Math.sqrt(2 / Math.PI));
    const change = multiply(multiply(multiply(subtract(1, multiply(inner, inner)), slope), x), 0.5);
    return [multiply(g, add(cumulative(x, form), change))];
  },
  lower: (node, inputs, emit) =>
    emit.node("Gelu", inputs, { approximate: node.attributes.form === "exact" ? "none" : "tanh" }),
};

const CUBIC = 0.044715;

const tanhArgument = (x: Tensor): Tensor =>
  multiply(multiply(x, add(multiply(multiply(x, x), CUBIC), 1)), Math.sqrt(2 / Math.PI));

/** The share of a standard normal below x: exactly, or by the usual tanh approximation. */
const cumulative = (x: Tensor, form: GeluForm["form"]): Tensor =>
  multiply(add(form === "exact" ? erf(multiply(x, Math.SQRT1_2)) : tanh(tanhArgument(x)), 1), 0.5);

/** Gaussian error linear unit (arXiv 1606.08415): exact, or with tanh. */
export const gelu = (x: Tensor, form: GeluForm["form"] = "exact"): Tensor => apply(geluOperation, [x], { form });
