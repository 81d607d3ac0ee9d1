import { UserError } from "../errors.ts";
import { fromModelRange, type Picture, toModelRange } from "../image/picture.ts";
import { prepareForEditing, prepareForUnderstanding } from "../image/prepare.ts";
import { nativeSide, tokenWidth, type UniPicConfig } from "../models/config.ts";
import type { GenerationDefaults } from "../models/generation.ts";
import type { Grid } from "../models/position-table.ts";
import { tokenPixels } from "../models/programs.ts";
import { type Sight, sightOf } from "../models/sight.ts";
import { releaseValues, toHost, type Value } from "../runtime/values.ts";
import { maskRounds } from "../sampling/mask-schedule.ts";
import { planRounds } from "../sampling/round-plan.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import {
  editPrompt,
  editTwin,
  generationPrompt,
  generationTwin,
  IMAGE_TOKEN,
  questionPrompt,
} from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { answerAfter, answerSettings } from "./answer.ts";
import { Chat, type ChatOptions } from "./chat.ts";
import { partOf, type Together, tellProgress } from "./draw-progress.ts";
import { type DrawingContext, drawTokens } from "./draw-tokens.ts";
import { seededDraws } from "./draws.ts";
import { encodePictures, joinFeatures } from "./encode-picture.ts";
import { type KeptSource, ToldConditions, withNewThing } from "./kept-pixels.ts";
import { promptForNew } from "./name-new.ts";
import {
  type DescribeOptions,
  type Drawing,
  type DrawOptions,
  drawing,
  type GenerateOptions,
  gridOf,
  pictureCount,
  previewInterval,
  requireWords,
} from "./options.ts";
import type { LoadOptions, UniPicParts } from "./parts.ts";
import { withBlanks } from "./preview.ts";
import { Programs } from "./programs.ts";
import { firstRows, readContexts, readPrompts } from "./read-prompts.ts";
import type { ShownTokens } from "./shown-tokens.ts";

export interface EditOptions extends DrawOptions {
  /** How many different results. Default 1. */
  count?: number;
}

/** An edit's source as drawing takes it. */
interface EditSource {
  hidden: Value;
  features: Value;
  shown?: ShownTokens;
  kept?: KeptSource;
}

/** Tokens of pictures, and what the head was told of them where something of an edit's source is kept. */
interface Drawn {
  tokens: Float32Array;
  told?: ToldConditions;
}

/** Pictures drawn together: more would only take more memory. */
const TOGETHER = 16;
/** About so much of an edit's time goes to drawing what is new in it. */
const NEW_SHARE = 0.8;
const QUESTION = "Describe the picture.";

/**
 * A model that draws pictures from words, edits them by instruction and describes them.
 *
 * @example
 * const model = await UniPic.load();
 * const [picture] = await model.generate("a red car on the grass", { seed: 1 });
 */
export class UniPic {
  readonly #programs: Programs;
  readonly #tokenizer: Tokenizer;
  readonly #defaults: GenerationDefaults;
  readonly config: UniPicConfig;
  /** Side in pixels of the pictures that are drawn where no size is asked for. */
  readonly drawSize: number;

  constructor({ config, defaults, tokenizer, weights, engine, engineOptions, room }: UniPicParts) {
    this.config = config;
    this.#defaults = defaults ?? {};
    this.drawSize = this.#defaults.drawSize ?? config.mar.img_size;
    this.#tokenizer = tokenizer;
    this.#programs = new Programs(config, weights, engine, engineOptions, room);
  }

  /**
   * Loads a model folder in Node; the model that ships with the package when none is given. Programs are compiled when first used.
   *
   * @throws UserError when the folder is no UniPic model
   */
  static async load(folder?: string, options: LoadOptions = {}): Promise<UniPic> {
    const { loadFolder } = await import("./load-folder.ts");
    return new UniPic(await loadFolder(folder, options));
  }

  /**
   * Draws pictures from words. Several prompts or a `count` give as many pictures, prompt by prompt.
   *
   * @throws UserError for an empty prompt or an option out of range
   */
  async generate(prompt: string | readonly string[], options: GenerateOptions = {}): Promise<Picture[]> {
    const prompts = typeof prompt === "string" ? [prompt] : prompt;
    for (const words of prompts) requireWords(words, "prompt", "a red car on the grass");
    const count = pictureCount(options.count);
    const jobs = prompts.flatMap((words) => Array.from({ length: count }, () => this.#encode(generationPrompt(words))));
    const grid = gridOf(options.size ?? this.drawSize, this.config.mar);
    return this.#draw(jobs, this.#encode(generationTwin), grid, options);
  }

  /**
   * Changes a picture as the instruction says. The picture is cropped to a square and scaled to the model's size.
   *
   * @throws UserError for an empty instruction or an option out of range
   */
  async edit(picture: Picture, instruction: string, options: EditOptions = {}): Promise<Picture[]> {
    requireWords(instruction, "instruction", "Change the color of the car to blue.");
    const { mar } = this.config;
    const side = this.drawSize / tokenPixels(mar);
    const grid: Grid = [side, side];
    const prepared = prepareForEditing(picture, side * tokenPixels(mar));
    const pixels = pixelArray(prepared);
    const { tokens, encoded, features: own } = await encodePictures(this.#programs, grid, pixels);
    const { hidden } = await this.#programs.hidden().runOnDevice({ source: encoded });
    const shown = mar.source_tokens
      ? { tokens: (await toHost(tokens)).data as Float32Array, program: this.#programs.showTokens() }
      : undefined;
    releaseValues([tokens, encoded]);
    const features = this.config.editing_vision ? await joinFeatures([own, await this.#see(prepared)]) : own;
    const places = features.shape[1];
    const prompt = this.#encode(editPrompt(instruction, places));
    const jobs = new Array<number[]>(pictureCount(options.count)).fill(prompt);
    const twin = this.#encode(editTwin(places));
    try {
      const things = mar.placed_pixels ? await this.#newThings(prompt, options) : undefined;
      const placing = mar.placed_pixels ? { things, program: this.#programs.place(grid) } : undefined;
      const kept = mar.source_pixels ? { pixels, program: this.#programs.keep(grid), placing } : undefined;
      const rest = this.forEditing(partOf(options, things ? NEW_SHARE : 0, 1));
      return await this.#draw(jobs, twin, grid, rest, { hidden, features, shown, kept });
    } finally {
      releaseValues([hidden, features]);
    }
  }

  /** The new thing that an edit brings, drawn by itself as often as there are to be results; undefined where the model sees none in the prompt. */
  async #newThings(prompt: readonly number[], options: EditOptions): Promise<Picture[] | undefined> {
    const { count, seed, signal, sampler, steps, onProgress } = options;
    signal?.throwIfAborted();
    const words = await promptForNew(this.#programs, this.#tokenizer, prompt, this.#imageToken());
    if (words === undefined) return undefined;
    return this.generate(words, partOf({ count, seed, signal, sampler, steps, onProgress }, 0, NEW_SHARE));
  }

  /** The options of an edit, with what the model's folder says of edits where a call says nothing. */
  forEditing<Options extends DrawOptions>(options: Options): Options {
    const { editGuidance, editTemperature, editRounds } = this.#defaults;
    const { guidance = editGuidance, temperature = editTemperature, rounds = editRounds } = options;
    return { ...options, guidance, temperature, rounds };
  }

  /**
   * Answers a question about a picture; describes it when none is asked. The picture is padded to a square.
   *
   * @throws UserError for an option out of range
   */
  async describe(picture: Picture, question: string = QUESTION, options: DescribeOptions = {}): Promise<string> {
    requireWords(question, "question", QUESTION);
    const settings = answerSettings(options);
    const features = await this.#look(picture);
    const prompt = this.#encode(questionPrompt(question, features.shape[1]));
    const read = await readPrompts(this.#programs, [prompt], { features, imageToken: this.#imageToken() });
    releaseValues([features]);
    const answer = await answerAfter(this.#programs, this.#tokenizer, read, settings);
    releaseValues([...Object.values(read.cache), ...Object.values(answer.read.cache)]);
    return answer.text;
  }

  /**
   * Begins a conversation, in which pictures are drawn, changed and asked about in turn.
   *
   * @throws UserError for an option out of range
   */
  chat(options: ChatOptions = {}): Chat {
    const reader = {
      programs: this.#programs,
      tokenizer: this.#tokenizer,
      imageToken: () => this.#imageToken(),
      look: (picture: Picture) => this.#look(picture),
    };
    return new Chat(this, reader, { ...options, remember: options.remember ?? this.#defaults.chatMemory });
  }

  /** Frees the memory that the model holds on its device. */
  release(): Promise<void> {
    return this.#programs.release();
  }

  #encode(text: string): number[] {
    return this.#tokenizer.encode(text);
  }

  #imageToken(): number {
    const id = this.#tokenizer.tokenId(IMAGE_TOKEN);
    if (id === undefined)
      throw new UserError(`The model's tokenizer has no ${IMAGE_TOKEN} token, so it cannot see pictures.`);
    return id;
  }

  /** What pictures are seen by when they are described: the vision tower, or the encoder where the checkpoint has no tower. */
  get sight(): Sight {
    return sightOf((name) => this.#programs.weights.has(name));
  }

  /** A picture's features for understanding. */
  async #look(picture: Picture): Promise<Value> {
    if (this.sight === "SigLIP2") return this.#see(picture);
    const side = nativeSide(this.config.mar);
    const prepared = prepareForUnderstanding(picture, side * tokenPixels(this.config.mar));
    const { features, ...others } = await encodePictures(this.#programs, [side, side], pixelArray(prepared));
    releaseValues(others);
    return features;
  }

  /** A picture's features by the vision tower. */
  async #see(picture: Picture): Promise<Value> {
    const prepared = prepareForUnderstanding(picture, this.config.siglip2.image_size);
    return (await this.#programs.see().runOnDevice({ pixels: pixelArray(prepared) })).features;
  }

  /** Draws one picture for every prompt, some at a time. */
  async #draw(
    prompts: readonly number[][],
    twin: readonly number[],
    grid: Grid,
    options: DrawOptions,
    source?: EditSource,
  ): Promise<Picture[]> {
    const settings = drawing(options, this.config.mar, grid);
    const pictures: Picture[] = [];
    for (let first = 0; first < prompts.length; first += TOGETHER) {
      const part = prompts.slice(first, first + TOGETHER);
      const together = { first, together: part.length, all: prompts.length };
      const drawn = await this.#drawTogether(part, twin, grid, settings, options, together, source);
      pictures.push(...(await this.#develop(drawn, grid, part.length, source?.kept, first)));
    }
    options.onProgress?.({ pictures: prompts.length, round: settings.rounds, rounds: settings.rounds, done: 1 });
    return pictures;
  }

  /** The tokens of some pictures, drawn together. */
  async #drawTogether(
    part: readonly number[][],
    twin: readonly number[],
    grid: Grid,
    settings: Drawing,
    options: DrawOptions,
    together: Together,
    source?: EditSource,
  ): Promise<Drawn> {
    const guided = settings.guidance !== 1;
    const rows = guided ? [...part, ...part.map(() => [...twin])] : part;
    const seen = source && { features: source.features, imageToken: this.#imageToken() };
    const read = await readContexts(this.#programs, rows, seen);
    const context: DrawingContext = { ...read, sources: source && { count: 1, hidden: source.hidden } };
    const held = Object.values(context.cache);
    const rounds = maskRounds(grid[0] * grid[1], settings.rounds);
    const plans = planRounds(rounds.length, { ...settings, guided });
    // A respacing that is no number is that of every round.
    const work = rounds.map((round, i) => ({ tokens: round.predicted, steps: Number(plans[i].steps) || 1 }));
    const { first } = together;
    const every = previewInterval(options.previewEvery);
    const told = source?.kept && new ToldConditions(this.config.mar, part.length, grid[0] * grid[1]);
    try {
      const tokens = await drawTokens({
        ...settings,
        config: this.config,
        grid,
        pictures: part.length,
        context,
        conditional: async () => {
          const own = await firstRows(this.#programs, context, part.length);
          held.push(...Object.values(own.cache));
          return own;
        },
        guided,
        shown: source?.shown,
        programs: {
          round: await (settings.tokenCache ? this.#programs.splitRound(grid) : this.#programs.round(grid)),
          denoise: this.#programs.denoise(settings.sampler),
        },
        draws: seededDraws(part.map((_, i) => settings.seed + first + i)),
        onStep: tellProgress(options, work, together),
        onRound: async ({ number, tokens, hidden, ...round }) => {
          await told?.add(round.told, round.predicted);
          const isDue = hidden[0].length > 0 && (number + 1) % every === 0;
          if (!options.onPreview || !isDue) return;
          const blanked = withBlanks(tokens, hidden, tokenWidth(this.config.mar));
          const pictures = await this.#develop({ tokens: blanked }, grid, part.length);
          await options.onPreview({ pictures, first, round: number + 1, rounds: rounds.length });
        },
      });
      return { tokens, told };
    } finally {
      releaseValues(held);
    }
  }

  /** Tokens to pictures, one at a time: the decoder's memory grows with the number. `first` counts results of an edit before them. */
  async #develop({ tokens, told }: Drawn, grid: Grid, count: number, kept?: KeptSource, first = 0): Promise<Picture[]> {
    const program = this.#programs.pixels(grid, 1);
    const places = grid[0] * grid[1];
    const size = tokens.length / count;
    const pictures: Picture[] = [];
    for (let i = 0; i < count; i++) {
      const token = hostArray("float32", [places, size / places], tokens.slice(i * size, (i + 1) * size));
      const { pixels: drawn } = await program.run({
        tokens: { ...token, shape: [1, ...grid, size / places] },
      });
      if (!kept || !told) {
        pictures.push(asPicture(drawn));
        continue;
      }
      const condition = told.of(i);
      const { pixels } = await kept.program.run({ drawn, source: kept.pixels, token, condition });
      pictures.push(await withNewThing(kept, condition, asPicture(pixels), first + i));
    }
    return pictures;
  }
}

const asPicture = ({ data, shape }: HostArray): Picture => fromModelRange(data as Float32Array, shape[2], shape[3]);
const pixelArray = (picture: Picture): HostArray =>
  hostArray("float32", [1, 3, picture.height, picture.width], toModelRange(picture));
