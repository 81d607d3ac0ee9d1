import type { EditType } from "../../src/data/index.ts";
import type { UniPicConfig } from "../../src/models/config.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { traceDrawing } from "../../src/training/joint-program.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { TrainingProgram } from "../../src/training/training-program.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const { model, stages, seed } = tinyPlan(1);
export const tinyModel = model;
/** A stage of edits alone. */
export const editing = { ...stages[0], batch: { ...NO_SAMPLES, editing: 8 } };

export interface TrainEditsOptions {
  /** What the names of the weights that learn begin with. */
  trains: string;
  steps: number;
  rate: number;
  /** The share of the batch that is only to be repeated. */
  repeats: number;
  /** What the edits do; anything, when left out. */
  types?: readonly EditType[];
}

/** The losses of every step of training by one batch of edits: `total`, and those that the model has beside the head's. */
export async function trainEdits(
  config: UniPicConfig,
  { trains, steps, rate, repeats, types }: TrainEditsOptions,
): Promise<Record<string, number>[]> {
  const root = Scope.root();
  const { loss, diffusion, change, keeping, painting, placing, naming } = traceDrawing(
    root,
    config,
    "editing",
    editing,
  );
  const own = Object.entries({ diffusion, change, keeping, painting, placing, naming }).filter(([, value]) => value);
  const losses = Object.fromEntries(own) as Record<string, Tensor>;
  const options = { optimizer: ADAMW, trains: (name: string) => name.startsWith(trains) };
  const device = { device: "cpu", threads: 1 } as const;
  const program = await TrainingProgram.build(nodeEngine, device, root, loss, losses, options, new Random(1));
  const batch = makeBatch(
    config,
    tinyTokenizer("make the apple blue"),
    { ...editing, repeats, edits: { ...editing.edits, ...(types && { types }) } },
    seed,
    0,
  );
  const done: Record<string, number>[] = [];
  for (let step = 0; step < steps; step++) done.push(await program.step(batch, rate));
  await program.release();
  return done;
}
