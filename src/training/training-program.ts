import { UserError } from "../errors.ts";
import type { Scope } from "../nn/scope.ts";
import type { Random } from "../random.ts";
import type { Engine, EngineOptions } from "../runtime/engine.ts";
import { Program } from "../runtime/program.ts";
import { type Uploaded, upload } from "../runtime/upload.ts";
import { type DeviceArray, isOnDevice, releaseValues, type Value } from "../runtime/values.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import { add, gradients, input, multiply, type Tensor } from "../tensor/index.ts";
import { isForMuon, type MuonOptions, muon } from "./muon.ts";
import { type AdamWOptions, adamW, clipFactor, decays, type StepScalars, totalNorm } from "./optimizer.ts";
import { copyOf, initialize, type Values, zerosLike } from "./parameters.ts";

export interface TrainingProgramOptions {
  optimizer: AdamWOptions;
  /** How the matrices inside of the model learn (see `isForMuon`); by AdamW like all else when left out. */
  muon?: MuonOptions;
  /** Share of the old average that is kept every step; no average is kept when left out. */
  ema?: number;
  /** Which parameters learn; the others stay as they are. */
  trains: (name: string) => boolean;
}

/** Everything that a step changes: what a checkpoint has to hold to continue exactly. */
export interface TrainingState {
  step: number;
  /** All parameters, frozen ones among them. */
  parameters: Values;
  /** The optimizer's moments, of the learning parameters alone; Muon has no second one. */
  moment1: Values;
  moment2: Values;
  /** Moving average of the parameters that learn or have learned in an earlier stage, when one is kept. */
  average?: Values;
}

const GROUPS = ["parameters", "moment1", "moment2", "average"] as const;

type Group = (typeof GROUPS)[number];

/** What a step calls a part of the state. */
const inputName = (group: Group, name: string): string => (group === "parameters" ? name : `${group}|${name}`);
const outputName = (group: Group, name: string): string => `next|${group}|${name}`;

/**
 * Forward pass, gradients and AdamW as one program: a step is one run. State lives in two sets of memory that take turns, so nothing is
 * allocated or copied between steps. On a GPU whose memory programs share (WebGPU) it stays there: a step takes what the last one left,
 * and it is copied to host memory only when it is asked for.
 */
export class TrainingProgram {
  #state: TrainingState;
  #spare: TrainingState;
  /** What lies on the device, by the input that takes it; it is newer than the same in `#state`. */
  readonly #onDevice = new Map<string, DeviceArray>();
  /** The step at which `#state` last was made as new as what lies on the device. */
  #readAt: number | undefined;
  readonly #read: ReadonlySet<string>;

  private constructor(
    private readonly program: Program,
    private readonly options: TrainingProgramOptions,
    private readonly reported: readonly string[],
    private readonly staysOnDevice: boolean,
    /** What does not learn. */
    private readonly frozen: Uploaded,
    state: TrainingState,
  ) {
    this.#state = state;
    this.#spare = duplicate(state);
    this.#read = new Set(program.inputs.map(({ name }) => name));
  }

  /**
   * Traces and compiles a step.
   *
   * @param root the scope in which `losses` asked for their weights
   * @param total what is minimized, a scalar
   * @param losses scalars to report beside it
   * @param initial values to start from; those missing are drawn from `random`
   */
  static async build(
    engine: Engine,
    device: EngineOptions,
    root: Scope,
    total: Tensor,
    losses: Readonly<Record<string, Tensor>>,
    options: TrainingProgramOptions,
    random: Random,
    initial?: Partial<TrainingState>,
  ): Promise<TrainingProgram> {
    const names = [...root.parameters.keys()].filter(options.trains);
    const parameters = names.map((name) => root.parameters.get(name)!);
    const slopes = gradients(total, parameters);
    const norm = totalNorm(slopes);
    const clip = clipFactor(norm, options.optimizer.maxNorm);
    const scalars = {
      learningRate: input("learning_rate", "float32", []),
      correction1: input("correction1", "float32", []),
      correction2: input("correction2", "float32", []),
    };
    const outputs: Record<string, Tensor> = { ...losses, total, gradient_norm: norm };
    names.forEach((name, i) => {
      const parameter = parameters[i];
      const like = (group: string) => input(`${group}|${name}`, "float32", parameter.shape);
      const after = nextOf(name, parameter, like, slopes[i], clip, scalars, options);
      for (const [group, next] of Object.entries(after)) outputs[`next|${group}|${name}`] = next;
      if (options.ema !== undefined) {
        const kept = multiply(like("average"), options.ema);
        outputs[`next|average|${name}`] = add(kept, multiply(after.parameters, 1 - options.ema));
      }
    });
    const lowering = { fused: false, parameters: () => undefined };
    const program = await Program.compile(engine, outputs, lowering, {
      optimization: "quick",
      keep: Object.keys(outputs).filter((name) => name.startsWith("next|")),
      ...device,
    });
    const all = complete(initialize(root.parameters, random), initial?.parameters);
    const learning: Values = new Map(names.map((name) => [name, all.get(name)!]));
    const byAdamW = new Map([...learning].filter(([name]) => outputName("moment2", name) in outputs));
    // A mean of gradients without that of their squares, which Muon has left, is no start for AdamW.
    const goesOn = new Map([...learning].filter(([name]) => !byAdamW.has(name) || initial?.moment2?.has(name)));
    const state: TrainingState = {
      step: initial?.step ?? 0,
      parameters: all,
      moment1: complete(zerosLike(learning), only(initial?.moment1, goesOn)),
      moment2: complete(zerosLike(byAdamW), only(initial?.moment2, byAdamW)),
      average: options.ema === undefined ? undefined : complete(copyOf(learning), initial?.average),
    };
    const used = program.inputs.map(({ name }) => name).filter((name) => all.has(name) && !learning.has(name));
    const frozen = await upload(engine, device, Object.fromEntries(used.map((name) => [name, all.get(name)!])));
    const reported = [...Object.keys(losses), "total", "gradient_norm"];
    return new TrainingProgram(program, options, reported, device.device === "webgpu", frozen, state);
  }

  /** Steps done in all stages. */
  get stepsDone(): number {
    return this.#state.step;
  }

  /** Everything that the next step starts from. The memory is that of the program, which goes on in it. */
  async state(): Promise<Readonly<TrainingState>> {
    const state = this.#state;
    if (this.#readAt === state.step) return state;
    for (const [group, name] of this.#written()) {
      const newer = this.#onDevice.get(inputName(group, name));
      if (newer) (state[group]!.get(name)!.data as Float32Array).set((await newer.read()).data as Float32Array);
    }
    this.#readAt = state.step;
    return state;
  }

  /** One step on one batch; returns the reported losses. */
  async step(batch: Readonly<Record<string, HostArray>>, learningRate: number): Promise<Record<string, number>> {
    const state = this.#state;
    const { beta1, beta2 } = this.options.optimizer;
    const number = state.step + 1;
    const scalar = (value: number) => hostArray("float32", [], [value]);
    const feeds: Record<string, Value> = {
      ...batch,
      ...this.frozen.values,
      learning_rate: scalar(learningRate),
      correction1: scalar(1 - beta1 ** number),
      correction2: scalar(1 - beta2 ** number),
    };
    for (const group of GROUPS) {
      for (const [name, array] of state[group] ?? []) {
        const key = inputName(group, name);
        if (this.#read.has(key)) feeds[key] ??= this.#onDevice.get(key) ?? array;
      }
    }
    const into: Record<string, HostArray> = {};
    if (!this.staysOnDevice) {
      for (const [group, name] of this.#written()) into[outputName(group, name)] = this.#spare[group]!.get(name)!;
    }
    const results = await this.program.runOnDevice(feeds, into);
    for (const [group, name] of this.#written()) {
      const result = results[outputName(group, name)];
      if (!isOnDevice(result)) continue;
      const key = inputName(group, name);
      this.#onDevice.get(key)?.release();
      this.#onDevice.set(key, result);
    }
    this.#spare.step = number;
    [this.#state, this.#spare] = [this.#spare, this.#state];
    return Object.fromEntries(this.reported.map((name) => [name, Number((results[name] as HostArray).data[0])]));
  }

  /** Every part of the state that a step changes. */
  *#written(): Generator<[Group, string]> {
    for (const group of GROUPS) {
      if (!this.#state[group]) continue;
      // Muon has no second moments.
      const changed = group === "moment2" ? this.#state.moment2 : this.#state.moment1;
      for (const name of changed.keys()) yield [group, name];
    }
  }

  async release(): Promise<void> {
    releaseValues([...this.#onDevice.values()]);
    this.#onDevice.clear();
    await this.frozen.release();
    await this.program.release();
  }
}

/** What a parameter and its moments are after a step, by group. */
function nextOf(
  name: string,
  parameter: Tensor,
  like: (group: Group) => Tensor,
  slope: Tensor,
  clip: Tensor,
  scalars: StepScalars,
  { optimizer, muon: matrices }: TrainingProgramOptions,
): { parameters: Tensor; moment1: Tensor; moment2?: Tensor } {
  const decay = decays(name, parameter.shape);
  const moment1 = like("moment1");
  if (matrices && isForMuon(name, parameter.shape)) {
    const weightDecay = decay ? optimizer.weightDecay : 0;
    const after = muon({ parameter, moment1 }, slope, scalars.learningRate, matrices, weightDecay);
    return { parameters: after.parameter, moment1: after.moment1 };
  }
  const before = { parameter, moment1, moment2: like("moment2") };
  const after = adamW(before, slope, clip, scalars, optimizer, decay);
  return { parameters: after.parameter, moment1: after.moment1, moment2: after.moment2 };
}

/** The parameters as they should be used: their moving average where one is kept. */
export const averagedWeights = ({ parameters, average }: Readonly<Partial<TrainingState>>): Values =>
  new Map([...(parameters ?? []), ...(average ?? [])]);

/**
 * `drawn` with the given values in their places; a value of another size is an error. Values for parameters that this program does not
 * have are kept: another stage of the same run may.
 */
function complete(drawn: Values, given: Values | undefined): Values {
  for (const [name, array] of given ?? []) {
    const place = drawn.get(name);
    if (place && place.shape.join() !== array.shape.join()) {
      throw new UserError(
        `The weight ${name} is [${array.shape}] in the checkpoint and [${place.shape}] in the model.`,
      );
    }
    drawn.set(name, { ...array, data: array.data.slice() });
  }
  return drawn;
}

/** Those of `values` that `names` has: what is frozen in this stage has no moments to keep. */
const only = (values: Values | undefined, names: Values): Values =>
  new Map([...(values ?? [])].filter(([name]) => names.has(name)));

/** A second set of memory for what learns; what does not learn is shared. */
function duplicate(state: TrainingState): TrainingState {
  const learning = (values: Values): Values =>
    new Map([...values, ...copyOf(new Map([...values].filter(([name]) => state.moment1.has(name))))]);
  return {
    step: state.step,
    parameters: learning(state.parameters),
    moment1: copyOf(state.moment1),
    moment2: copyOf(state.moment2),
    average: state.average && learning(state.average),
  };
}
