import type { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import type { Batch } from "../../src/training/batches.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { TrainingProgram } from "../../src/training/training-program.ts";

/** Trains everything that losses reach by one batch: the losses of every step, and the names of what has moved. */
export async function trainAlone(
  root: Scope,
  total: Tensor,
  losses: Readonly<Record<string, Tensor>>,
  batch: Batch,
  steps: number,
): Promise<{ done: Record<string, number>[]; moved: string[] }> {
  const options = { optimizer: { ...ADAMW, weightDecay: 0 }, trains: () => true };
  const device = { device: "cpu", threads: 1 } as const;
  const program = await TrainingProgram.build(nodeEngine, device, root, total, losses, options, new Random(1));
  const done: Record<string, number>[] = [];
  for (let step = 0; step < steps; step++) done.push(await program.step(batch, 0.003));
  const { moment1 } = await program.state();
  await program.release();
  const moved = [...moment1].filter(([, { data }]) => (data as Float32Array).some((value) => value !== 0));
  return { done, moved: moved.map(([name]) => name) };
}
