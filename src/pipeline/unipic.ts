import { UserError } from "../errors.ts";
import { fromModelRange, type Picture, toModelRange } from "../image/picture.ts";
import { prepareForEditing, prepareForUnderstanding } from "../image/prepare.ts";
import { nativeSide, type UniPicConfig } from "../models/config.ts";
import type { Grid } from "../models/position-table.ts";
import { tokenPixels } from "../models/programs.ts";
import { Random } from "../random.ts";
import { chooseToken } from "../sampling/text-decoding.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import {
  END_OF_TEXT,
  editPrompt,
  editTwin,
  generationPrompt,
  generationTwin,
  IMAGE_TOKEN,
  questionPrompt,
  TURN_END,
} from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { type DrawingContext, drawTokens } from "./draw-tokens.ts";
import { seededDraws } from "./draws.ts";
import {
  type DescribeOptions,
  type DrawOptions,
  drawing,
  type GenerateOptions,
  gridOf,
  pictureCount,
  within,
} from "./options.ts";
import type { LoadOptions, UniPicParts } from "./parts.ts";
import { Programs } from "./programs.ts";
import { firstRows, readPrompts, readToken, rowsOf } from "./read-prompts.ts";

export interface EditOptions extends DrawOptions {
  /** How many different results. Default 1. */
  count?: number;
}

/** Pictures drawn together: more would only take more memory. */
const TOGETHER = 16;
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
  readonly config: UniPicConfig;

  constructor({ config, tokenizer, weights, engine, engineOptions }: UniPicParts) {
    this.config = config;
    this.#tokenizer = tokenizer;
    this.#programs = new Programs(config, weights, engine, engineOptions);
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
    const grid = gridOf(options.size, this.config.mar);
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
    const side = nativeSide(mar);
    const grid: Grid = [side, side];
    const prepared = prepareForEditing(picture, side * tokenPixels(mar));
    const encode = await this.#programs.encode(grid, 1);
    const { encoded, features } = await encode.run({
      pixels: pixelArray(prepared),
      places: hostArray(
        "int64",
        [1, side * side],
        Array.from({ length: side * side }, (_, i) => i),
      ),
    });
    const places = features.shape[1];
    const jobs = new Array(pictureCount(options.count)).fill(this.#encode(editPrompt(instruction, places)));
    return this.#draw(jobs, this.#encode(editTwin(places)), grid, options, { encoded, features });
  }

  /**
   * Answers a question about a picture; describes it when none is asked. The picture is padded to a square.
   *
   * @throws UserError for an option out of range
   */
  async describe(picture: Picture, question: string = QUESTION, options: DescribeOptions = {}): Promise<string> {
    requireWords(question, "question", QUESTION);
    const most = within("maxTokens", options.maxTokens ?? 64, 1, 4096, true);
    const random = new Random(within("seed", options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER, true));
    const features = await this.#look(picture);
    const prompt = this.#encode(questionPrompt(question, features.shape[1]));
    const stops = [TURN_END, END_OF_TEXT].map((token) => this.#tokenizer.tokenId(token));
    const stream = this.#tokenizer.createTextStream({ skipSpecial: true });
    let answer = "";
    const say = (piece: string) => {
      answer += piece;
      if (piece !== "") options.onText?.(piece);
    };
    let read = await readPrompts(this.#programs, [prompt], { features, imageToken: this.#imageToken() });
    for (let length = 0; length < most; length++) {
      options.signal?.throwIfAborted();
      const id = chooseToken(read.logits.data as Float32Array, options, random);
      if (stops.includes(id)) break;
      say(stream.push(id));
      if (length + 1 < most) read = await readToken(this.#programs, read, id);
    }
    say(stream.end());
    return answer;
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

  /** A picture's features for understanding: by the vision tower, or by the encoder where the checkpoint has no tower. */
  async #look(picture: Picture): Promise<HostArray> {
    if (this.#programs.weights.has("siglip2_proj.0.weight")) {
      const prepared = prepareForUnderstanding(picture, this.config.siglip2.image_size);
      return (await (await this.#programs.see()).run({ pixels: pixelArray(prepared) })).features;
    }
    const side = nativeSide(this.config.mar);
    const prepared = prepareForUnderstanding(picture, side * tokenPixels(this.config.mar));
    const places = hostArray(
      "int64",
      [1, side * side],
      Array.from({ length: side * side }, (_, i) => i),
    );
    const encode = await this.#programs.encode([side, side], 1);
    return (await encode.run({ pixels: pixelArray(prepared), places })).features;
  }

  /** Draws one picture for every prompt, some at a time. */
  async #draw(
    prompts: readonly number[][],
    twin: readonly number[],
    grid: Grid,
    options: DrawOptions,
    source?: { encoded: HostArray; features: HostArray },
  ): Promise<Picture[]> {
    const settings = drawing(options, this.config.mar, grid);
    const pictures: Picture[] = [];
    for (let first = 0; first < prompts.length; first += TOGETHER) {
      const part = prompts.slice(first, first + TOGETHER);
      const guided = settings.guidance !== 1;
      const rows = guided ? [...part, ...part.map(() => [...twin])] : part;
      const every = rows.map(() => 0);
      const read = await readPrompts(
        this.#programs,
        rows,
        source && { features: rowsOf(source.features, every), imageToken: this.#imageToken() },
      );
      const context: DrawingContext = { ...read, source: source && rowsOf(source.encoded, every) };
      const tokens = await drawTokens({
        ...settings,
        config: this.config,
        grid,
        pictures: part.length,
        context,
        conditional: async () => firstRows(context, part.length),
        guided,
        programs: {
          round: await (settings.tokenCache
            ? this.#programs.splitRound(grid, { editing: source !== undefined })
            : this.#programs.round(grid, { editing: source !== undefined })),
          denoise: await this.#programs.denoise(settings.sampler),
        },
        draws: seededDraws(part.map((_, i) => settings.seed + first + i)),
        onStep: ({ round, rounds, step, steps }) => {
          options.signal?.throwIfAborted();
          const before = first / prompts.length;
          const share = part.length / prompts.length;
          const done = before + share * ((round + step / steps) / rounds);
          options.onProgress?.({ pictures: part.length, round, rounds, done });
        },
      });
      pictures.push(...(await this.#develop(tokens, grid, part.length)));
    }
    options.onProgress?.({ pictures: prompts.length, round: settings.rounds, rounds: settings.rounds, done: 1 });
    return pictures;
  }

  /** Tokens to pictures, one at a time: the decoder's memory grows with the number. */
  async #develop(tokens: Float32Array, grid: Grid, count: number): Promise<Picture[]> {
    const program = await this.#programs.pixels(grid, 1);
    const size = tokens.length / count;
    const pictures: Picture[] = [];
    for (let i = 0; i < count; i++) {
      const own = tokens.slice(i * size, (i + 1) * size);
      const { pixels } = await program.run({
        tokens: hostArray("float32", [1, ...grid, size / (grid[0] * grid[1])], own),
      });
      pictures.push(fromModelRange(pixels.data as Float32Array, pixels.shape[2], pixels.shape[3]));
    }
    return pictures;
  }
}

const pixelArray = (picture: Picture): HostArray =>
  hostArray("float32", [1, 3, picture.height, picture.width], toModelRange(picture));

function requireWords(text: string, what: string, example: string): void {
  if (text.trim() === "") throw new UserError(`The ${what} is empty; write one, such as "${example}".`);
}
