import { UserError } from "../../errors.ts";
import { fromModelRange } from "../../image/picture.ts";
import { nativeSide, tokenWidth } from "../../models/config.ts";
import { traceDecoder } from "../../models/drawing-programs.ts";
import type { Grid } from "../../models/position-table.ts";
import { type DrawTokensOptions, drawTokens, type RoundResult } from "../../pipeline/draw-tokens.ts";
import type { Draws } from "../../pipeline/draws.ts";
import { type PromptPictures, readContexts } from "../../pipeline/read-prompts.ts";
import type { GuidanceSchedule } from "../../sampling/guidance.ts";
import { maskFromOrder } from "../../sampling/orders.ts";
import { type HostArray, hostArray } from "../../tensor/dtype.ts";
import { asOutput, feed } from "./model.ts";
import type { ParityCase, ParityOutput } from "./parity-case.ts";
import { encodePixels, type Pipeline, promptsOf, withPipeline } from "./pipeline.ts";
import { promptWithPicture } from "./understand.ts";

/** What a round drew from, recorded: `iter<i>.noise_init` and `iter<i>.noise_steps`. */
interface RecordedRound {
  name: string;
  start: Float32Array;
  /** [steps, rows, token]; the rows beyond those that are drawn belong to unconditional twins, which have no noise of their own. */
  steps: HostArray;
}

/** Recorded draws in the order in which the sampler asks for them. */
export class RecordedDraws implements Draws {
  private constructor(
    private readonly orders: readonly Int32Array[],
    readonly rounds: readonly RecordedRound[],
  ) {}

  static async read(context: ParityCase): Promise<RecordedDraws> {
    const names = Object.keys(context.entry.random).flatMap((name) => /^(iter\d+)\.noise_init$/.exec(name)?.[1] ?? []);
    names.sort((a, b) => Number(a.slice("iter".length)) - Number(b.slice("iter".length)));
    const rounds: RecordedRound[] = [];
    for (const name of names) {
      const start = (await context.random(`${name}.noise_init`)).floats();
      rounds.push({ name, start, steps: feed(await context.random(`${name}.noise_steps`)) });
    }
    const orders: Int32Array[] = [];
    if ("orders_drawn" in context.entry.random) {
      const recorded = await context.random("orders_drawn");
      const [rows, count] = recorded.shape;
      const values = Int32Array.from(recorded.integers(), Number);
      for (let row = 0; row < rows; row++) orders.push(values.slice(row * count, (row + 1) * count));
    }
    return new RecordedDraws(orders, rounds);
  }

  order(picture: number): Int32Array {
    return this.orders[picture];
  }

  start(round: number, pictures: number, tokens: number, width: number): Float32Array {
    return this.#checked(this.#round(round).start, pictures * tokens * width);
  }

  step(round: number, step: number, pictures: number, tokens: number, width: number): Float32Array {
    const { steps } = this.#round(round);
    const size = steps.shape[1] * steps.shape[2];
    const values = (steps.data as Float32Array).subarray(step * size, (step + 1) * size);
    return this.#checked(values.slice(0, pictures * tokens * width), pictures * tokens * width);
  }

  #round(round: number): RecordedRound {
    if (round < this.rounds.length) return this.rounds[round];
    throw new UserError(`the sampler has more rounds than the ${this.rounds.length} that are recorded`);
  }

  #checked(values: Float32Array, count: number): Float32Array {
    if (values.length === count) return values;
    throw new UserError(`the sampler asks for ${count} values where ${values.length} are recorded`);
  }
}

/** Drawing, or with `pixels_src` editing, with every round compared. Rows are the conditional prompts, then, if guided, their twins. */
export function samplingCase(context: ParityCase): Promise<Map<string, ParityOutput>> {
  return withPipeline(context, async (pipeline) => {
    const { config, programs } = pipeline;
    const produced = new Map<string, ParityOutput>();
    const { params } = context;
    const prompts = await promptsOf(context);
    const guided = Number(params.cfg) !== 1;
    const pictures = guided ? prompts.length / 2 : prompts.length;
    const side = nativeSide(config.mar);
    const grid = (params.image_shape ?? [side, side]) as Grid;
    const source =
      "pixels_src" in context.entry.inputs
        ? await encodePixels(pipeline, feed(await context.input("pixels_src")))
        : undefined;
    const seen: PromptPictures | undefined = source && {
      features: source.features,
      imageToken: Number(context.config.image_token_id),
    };
    if (source && seen) {
      produced.set("src_tokens", asOutput(source.tokens));
      produced.set("x_con", asOutput(source.encoded));
      produced.set("z_src", asOutput(source.features));
      const ids = feed(await context.input("input_ids"), "int64");
      produced.set("inputs_embeds", asOutput(await promptWithPicture(context, ids, source.features)));
    }
    const draws = await RecordedDraws.read(context);
    const options: DrawTokensOptions = {
      config,
      grid,
      pictures,
      context: {
        ...(await readContexts(programs, prompts, seen)),
        sources: source && {
          count: source.encoded.shape[0],
          hidden: (await programs.hidden().run({ source: source.encoded })).hidden,
        },
      },
      programs: {
        round: await programs.round(grid, await pipeline.compile(traceDecoder(config, true))),
        denoise: programs.denoise(),
      },
      guided,
      guidance: Number(params.cfg),
      guidanceSchedule: params.cfg_schedule as GuidanceSchedule,
      rounds: Number(params.num_iter),
      steps: String(params.num_sampling_steps),
      temperature: Number(params.temperature),
      draws,
    };
    const results: RoundResult[] = [];
    const tokens = await drawTokens({ ...options, onRound: (result) => results.push(result) });
    results.forEach((result, i) => {
      addRound(result, draws.rounds[i].name, draws, options, produced);
    });
    await addPictures(context, pipeline, tokens, draws, options, produced);
    return produced;
  });
}

function addRound(
  { round, guidance, outputs, sampled }: RoundResult,
  name: string,
  draws: RecordedDraws,
  { config, grid, pictures, guided }: DrawTokensOptions,
  produced: Map<string, ParityOutput>,
): void {
  const count = grid[0] * grid[1];
  const masks = twice(guided, pictures, (picture) =>
    Array.from(maskFromOrder(draws.order(picture), round.maskedBefore)),
  );
  produced.set(`${name}.mask`, { shape: [masks.length, count], values: masks.flat() });
  produced.set(`${name}.x_enc`, asOutput(outputs.fused as HostArray));
  produced.set(`${name}.z`, asOutput(outputs.all as HostArray));
  produced.set(`${name}.z_selected`, asOutput(outputs.condition as HostArray));
  produced.set(`${name}.sampled`, { shape: [pictures * round.predicted, tokenWidth(config.mar)], values: sampled });
  produced.set(`${name}.cfg`, { shape: [1], values: [guidance] });
}

async function addPictures(
  context: ParityCase,
  { programs }: Pipeline,
  tokens: Float32Array,
  draws: RecordedDraws,
  { config, grid, pictures, guided }: DrawTokensOptions,
  produced: Map<string, ParityOutput>,
): Promise<void> {
  const count = grid[0] * grid[1];
  const width = tokenWidth(config.mar);
  const own = twice(guided, pictures, (picture) =>
    Array.from(tokens.subarray(picture * count * width, (picture + 1) * count * width)),
  );
  produced.set("latent_tokens", { shape: [own.length, count, width], values: own.flat() });
  const orders = twice(guided, pictures, (picture) => Array.from(draws.order(picture)));
  produced.set("orders", { shape: [orders.length, count], values: orders.flat() });
  const program = await programs.pixels(grid, pictures);
  const { pixels } = await program.run({ tokens: hostArray("float32", [pictures, ...grid, width], tokens) });
  produced.set("pixels", asOutput(pixels));
  if ("pixels_uint8" in context.entry.outputs) produced.set("pixels_uint8", levels(pixels));
}

/** One value a row: each picture's, and again for the twins when guided. */
function twice<T>(guided: boolean, pictures: number, of: (picture: number) => T): T[] {
  const each = Array.from({ length: pictures }, (_, picture) => of(picture));
  return guided ? [...each, ...each] : each;
}

/** Pixels as the pipeline turns them into levels, in the planes that they came in: [pictures, 3, height, width]. */
function levels({ data, shape }: HostArray): ParityOutput {
  const [pictures, channels, height, width] = shape;
  const area = height * width;
  const values = new Uint8Array(data.length);
  for (let picture = 0; picture < pictures; picture++) {
    const offset = picture * channels * area;
    const own = fromModelRange((data as Float32Array).subarray(offset, offset + channels * area), height, width);
    own.data.forEach((level, i) => {
      values[offset + (i % channels) * area + Math.floor(i / channels)] = level;
    });
  }
  return { shape, values };
}
