import { UserError } from "../../../errors.ts";
import { Scope } from "../../../nn/scope.ts";
import { Random } from "../../../random.ts";
import { nodeEngine } from "../../../runtime/node.ts";
import { add, input, multiply, reduceSum, type Tensor } from "../../../tensor/index.ts";
import { type LearningRateOptions, learningRate } from "../../../training/learning-rate.ts";
import { ADAMW, decays } from "../../../training/optimizer.ts";
import type { Values } from "../../../training/parameters.ts";
import { TrainingProgram } from "../../../training/training-program.ts";
import { asOutput, feed, PARITY_DEVICE } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";

/**
 * The trainer's own step on recorded gradients: the loss is the sum of every parameter times a given tensor, whose gradient is that
 * tensor. Outputs are `<run>.step<n>.[exp_avg.|exp_avg_sq.]<parameter>`; the runs `eps<epsilon>` have a constant learning rate, the run
 * `sched` has the warm-up and the cosine.
 */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const { params } = context;
  const names = params.names as string[];
  checkDecay(context, names);
  const schedule: LearningRateOptions = {
    peak: Number(params.lr),
    warmup: Number(params.warmup_iters),
    start: Number(params.warmup_start_factor),
    steps: Number(params.max_iters),
    minimum: Number(params.eta_min),
    shape: "cosine",
  };
  const table = Array.from({ length: schedule.steps }, (_, step) => learningRate(step, schedule));
  const produced = new Map<string, ParityOutput>([
    ["lr_table_f64", { shape: [table.length], values: table }],
    ["sched.lr_table", { shape: [table.length], values: table }],
    ["sched.lr_used", { shape: [Number(params.steps)], values: table.slice(0, Number(params.steps)) }],
  ]);
  for (const [run, wanted] of wantedSteps(context)) {
    const epsilon = run === "sched" ? ADAMW.epsilon : Number(run.slice("eps".length));
    const trainer = await buildTrainer(context, names, epsilon);
    const norms: number[] = [];
    for (let step = 0; step < Math.max(...wanted); step++) {
      const rate = run === "sched" ? table[step] : schedule.peak;
      const gradients = names.map(async (name) => [`slope|${name}`, feed(await context.input(`grad${step}.${name}`))]);
      norms.push((await trainer.step(Object.fromEntries(await Promise.all(gradients)), rate)).gradient_norm);
      if (wanted.has(step + 1)) await copyState(trainer, `${run}.step${step + 1}`, produced);
    }
    await trainer.release();
    const recorded = context.entry.outputs.grad_norms?.shape[0] ?? 0;
    if (norms.length >= recorded) produced.set("grad_norms", { shape: [recorded], values: norms.slice(0, recorded) });
  }
  return produced;
}

/** For every run, the steps after which something is compared. */
function wantedSteps(context: ParityCase): Map<string, Set<number>> {
  const wanted = new Map<string, Set<number>>();
  for (const output of Object.keys(context.entry.outputs)) {
    const match = /^(eps[\d.e+-]+|sched)\.step(\d+)\./.exec(output);
    if (match) wanted.set(match[1], (wanted.get(match[1]) ?? new Set()).add(Number(match[2])));
  }
  return wanted;
}

async function buildTrainer(context: ParityCase, names: readonly string[], epsilon: number): Promise<TrainingProgram> {
  const root = Scope.root();
  const start: Values = new Map();
  const terms: Tensor[] = [];
  for (const name of names) {
    const value = feed(await context.input(`param.${name}`));
    start.set(name, value);
    const parameter = root.parameter(name, value.shape, { kind: "zeros" });
    // The separator keeps it apart from the program's own inputs, and no weight's name has it.
    terms.push(reduceSum(multiply(parameter, input(`slope|${name}`, "float32", value.shape))));
  }
  const { params } = context;
  const [beta1, beta2] = params.betas as [number, number];
  const optimizer = {
    beta1,
    beta2,
    epsilon,
    weightDecay: Number(params.weight_decay),
    maxNorm: Number(params.max_norm),
  };
  const options = { optimizer, trains: () => true };
  return TrainingProgram.build(nodeEngine, PARITY_DEVICE, root, terms.reduce(add), {}, options, new Random(0), {
    parameters: start,
  });
}

async function copyState(trainer: TrainingProgram, prefix: string, produced: Map<string, ParityOutput>): Promise<void> {
  const { parameters, moment1, moment2 } = await trainer.state();
  const groups = { "": parameters, "exp_avg.": moment1, "exp_avg_sq.": moment2 };
  for (const [group, values] of Object.entries(groups)) {
    // The trainer reuses this memory at its next steps.
    for (const [name, value] of values) {
      produced.set(`${prefix}.${group}${name}`, asOutput({ ...value, data: value.data.slice() }));
    }
  }
}

/** Which parameters decay is a rule of names and shapes; the case lists what the official rule gives. */
function checkDecay(context: ParityCase, names: readonly string[]): void {
  const decaying = context.params.decay as string[];
  for (const name of names) {
    const { shape } = context.entry.inputs[`param.${name}`];
    if (decays(name, shape) !== decaying.includes(name)) {
      throw new UserError(`the weight decay of "${name}" is ${decays(name, shape)} and should be the opposite`);
    }
  }
}
