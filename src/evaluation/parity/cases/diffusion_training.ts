import {
  type Dimension,
  divide,
  gradients,
  input,
  multiply,
  reduceSum,
  reshape,
  type Tensor,
} from "../../../tensor/index.ts";
import { diffusionTerms } from "../../../training/diffusion-loss.ts";
import { asOutputs, compute, feed, parityModel } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";

/** The diffusion loss row by row, its mean over the rows whose mask is 1, and that mean's gradients. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const { config, root } = parityModel(context);
  const given = {
    target: feed(await context.input("target")),
    z: feed(await context.input("z")),
    t: feed(await context.input("t"), "int64"),
    noise: feed(await context.input("noise")),
    mask: feed(await context.input("mask")),
  };
  const at = (name: keyof typeof given): Tensor => input(name, given[name].dtype, given[name].shape as Dimension[]);
  const [z, mask] = [at("z"), at("mask")];
  const terms = diffusionTerms(root.child("mar.diffloss.net"), config, {
    target: at("target"),
    condition: z,
    timesteps: at("t"),
    noise: at("noise"),
  });
  const loss = divide(reduceSum(multiply(terms.total, mask)), reduceSum(mask));
  const names = context.params.grad_params as string[];
  const slopes = gradients(loss, [z, ...names.map((name) => root.parameters.get(name)!)]);
  const results = await compute(
    context,
    {
      x_t: terms.noised,
      mse: terms.squaredError,
      vb: terms.variationalBound,
      loss_terms: terms.total,
      loss: reshape(loss, [1]),
      ...Object.fromEntries(slopes.map((slope, i) => [`grad.${["z", ...names][i]}`, slope])),
    },
    given,
    { fused: false },
  );
  return asOutputs(results);
}
