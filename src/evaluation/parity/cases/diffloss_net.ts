import { denoiser, timeEmbedding, timeFeatures } from "../../../models/denoiser.ts";
import { add, concat, input, multiply, slice, split, subtract, type Tensor } from "../../../tensor/index.ts";
import { asOutputs, compute, feed, parityModel } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";

/** The head's network at several times, and its guided form, in which both halves of the rows see the first half's tokens. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const { config, root } = parityModel(context);
  const net = root.child("mar.diffloss.net");
  const given = {
    x: feed(await context.input("x")),
    t: feed(await context.input("t"), "int64"),
    c: feed(await context.input("c")),
  };
  const [x, t, c] = Object.entries(given).map(([name, { dtype, shape }]) => input(name, dtype, shape));
  const [half, width] = [given.x.shape[0] / 2, given.x.shape[1]];
  const first = slice(x, 0, 0, half);
  const twins = denoiser(net, config.mar, concat([first, first], 0), t, c); // [rows, 2 x token]
  const results = await compute(
    context,
    {
      time_freq: timeFeatures(t),
      time_embed: timeEmbedding(net, config.mar, t),
      out: denoiser(net, config.mar, x, t, c),
      out_cfg: concat([guided(twins, width, Number(context.params.cfg)), slice(twins, 1, width, 2 * width)], 1),
    },
    given,
  );
  return asOutputs(results);
}

/** The guided noise of both halves, which is the same: [rows, token]. */
function guided(twins: Tensor, width: number, scale: number): Tensor {
  const [conditional, unconditional] = split(slice(twins, 1, 0, width), 0, 2);
  const noise = add(unconditional, multiply(subtract(conditional, unconditional), scale));
  return concat([noise, noise], 0);
}
