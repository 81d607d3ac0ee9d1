import { positiveAxis } from "../shape.ts";
import { apply, type Operation, type Tensor } from "../tensor.ts";
import { add, erf, exp, log, multiply, sigmoid, subtract } from "./elementwise.ts";
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

const siluOperation: Operation<null> = {
  name: "silu",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  expand: ([x]) => multiply(x, sigmoid(x)),
  // With s = sigmoid(x) and y = x s: dy/dx = s + y (1 - s).
  gradient: (node, g) => {
    const share = sigmoid(node.inputs[0]);
    return [multiply(g, add(share, subtract(node, multiply(node, share))))];
  },
};

/** x sigmoid(x), also called swish. */
export const silu = (x: Tensor): Tensor => apply(siluOperation, [x], null);

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
    const share = cumulative(x, form);
    if (form === "exact") {
      // x times the normal density at x, with u = x / sqrt(2): u exp(-u^2) / sqrt(pi); the divisor goes into the exponent.
      const u = multiply(x, Math.SQRT1_2);
      return [multiply(g, add(share, multiply(u, exp(subtract(-0.5 * Math.log(Math.PI), multiply(u, u))))))];
    }
    // With y = x s(z): dy/dx = s + x s (1 - s) z', where z' = 3 (z / x) - 2 LINEAR.
    const y = multiply(x, share);
    const slope = subtract(multiply(logisticFactor(x), 3), 2 * LINEAR);
    return [multiply(g, add(share, multiply(subtract(y, multiply(y, share)), slope)))];
  },
  lower: (node, inputs, emit) =>
    emit.node("Gelu", inputs, { approximate: node.attributes.form === "exact" ? "none" : "tanh" }),
};

/** (1 + tanh(v)) / 2 = sigmoid(2 v), which takes fewer passes; the usual v = sqrt(2 / pi) (x + 0.044715 x^3) doubled. */
const LINEAR = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715 * LINEAR;

/** The argument of the sigmoid over x: CUBIC x^2 + LINEAR. */
const logisticFactor = (x: Tensor): Tensor => add(multiply(multiply(x, x), CUBIC), LINEAR);

/** The share of a standard normal below x: exactly, or by the usual tanh approximation. */
const cumulative = (x: Tensor, form: GeluForm["form"]): Tensor =>
  form === "exact" ? multiply(add(erf(multiply(x, Math.SQRT1_2)), 1), 0.5) : sigmoid(multiply(x, logisticFactor(x)));

/** Gaussian error linear unit (arXiv 1606.08415): exact, or with tanh. */
export const gelu = (x: Tensor, form: GeluForm["form"] = "exact"): Tensor => apply(geluOperation, [x], { form });
