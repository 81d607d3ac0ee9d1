import { UserError } from "../errors.ts";
import { cutOut } from "../image/cut-out.ts";
import { paste } from "../image/paste.ts";
import type { Picture } from "../image/picture.ts";
import { prepareForEditing, prepareForUnderstanding } from "../image/prepare.ts";
import { nativeSide, sourceFeatures, type UniPicConfig } from "../models/config.ts";
import { squaresOfPatch } from "../models/finding.ts";
import type { GenerationDefaults } from "../models/generation.ts";
import type { Grid } from "../models/position-table.ts";
import { tokenPixels } from "../models/programs.ts";
import { type Sight, sightOf } from "../models/sight.ts";
import { releaseValues, type Value } from "../runtime/values.ts";
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
import { changeThings, type FoundChanges, findThings, leavesPlace, lookOf, NO_CHANGES } from "./change-things.ts";
import { Chat, type ChatOptions } from "./chat.ts";
import { type AloneThing, drawLaidOut } from "./draw-laid-out.ts";
import { drawPictures } from "./draw-pictures.ts";
import { partOf, tellDone } from "./draw-progress.ts";
import { embed } from "./embed.ts";
import { encodePictures, joinFeatures } from "./encode-picture.ts";
import { keepThings } from "./keep-things.ts";
import { thingsNamed } from "./lay-out.ts";
import { promptForNew } from "./name-new.ts";
import {
  type DescribeOptions,
  type DrawOptions,
  drawing,
  type GenerateOptions,
  gridOf,
  pictureCount,
  requireWords,
} from "./options.ts";
import type { LoadOptions, UniPicParts } from "./parts.ts";
import { asPixels } from "./picture-pixels.ts";
import { Programs } from "./programs.ts";
import { readPrompts } from "./read-prompts.ts";
import { changesOf } from "./told-changes.ts";

export interface EditOptions extends DrawOptions {
  /** How many different results. Default 1. */
  count?: number;
}

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
    const grid = gridOf(options.size ?? this.drawSize, this.config.mar);
    const setting = { twin: this.#encode(generationTwin), grid };
    const encoded = prompts.map((words) => this.#encode(generationPrompt(words)));
    const layouts = await this.#layouts(encoded, options);
    const jobs = encoded.flatMap((prompt, i) => Array.from({ length: count }, () => ({ prompt, things: layouts[i] })));
    return drawLaidOut(this.#programs, jobs, setting, options);
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
    // Something new is drawn first; what is out of range should not wait for it.
    drawing(this.forEditing(options), mar, grid);
    const prepared = prepareForEditing(picture, side * tokenPixels(mar));
    const count = pictureCount(options.count);
    const prompt = this.#encode(editPrompt(instruction, sourceFeatures(this.config, side)));
    options.signal?.throwIfAborted();
    const { things, fresh, restStays, look, cleared } = await this.#read(prepared, grid, prompt);
    if (look) {
      tellDone(options, count);
      return copiesOf(look, count);
    }
    // Where all else stays nothing is drawn but what is new.
    const isInPlace = restStays && (things.length > 0 || fresh !== undefined);
    const news = fresh && (await this.#drawNew(fresh.prompt, options, isInPlace ? 1 : NEW_SHARE));
    const rest = this.forEditing(partOf(options, fresh ? NEW_SHARE : 0, 1));
    // What is drawn anew is drawn behind what is changed already, save what all else makes way for.
    const first = isInPlace ? things : things.filter(({ alone }) => !alone);
    const begun = cleared ? changeThings(prepared, cleared, prepared, first) : prepared;
    const results = isInPlace ? copiesOf(begun, count) : await this.#drawEdit(begun, grid, prompt, rest);
    if (isInPlace) tellDone(options, count);
    const standing = things.filter((thing) => !leavesPlace(thing));
    return results.map((result, i) => {
      const isAnew = cleared !== undefined && !isInPlace;
      const changed = isAnew ? changeThings(prepared, cleared, keepThings(begun, cleared, result), standing) : result;
      const cut = news && cutOut(news[i]);
      return cut && fresh ? paste(changed, cut, fresh.box) : changed;
    });
  }

  /** What an edit changes of what its source shows, and what it brings, as far as the model changes things in their places. */
  async #read(picture: Picture, grid: Grid, prompt: readonly number[]): Promise<FoundChanges> {
    if (!this.config.changes || !Number.isInteger(squaresOfPatch(this.config, picture.width))) return NO_CHANGES;
    const embeddings = await embed(this.#programs, prompt);
    try {
      const look = await lookOf(this.#programs, { picture, grid, embeddings });
      if (look) return { ...NO_CHANGES, look };
      const { changes } = await this.#programs.tellChanges().run({ embeddings });
      const after = prompt.lastIndexOf(this.#imageToken()) + 1;
      const told = changesOf(prompt.length, after, changes.data as Float32Array);
      const vision = await this.#see(picture);
      const { box, ...found } = await findThings(this.#programs, { picture, grid, vision, embeddings }, told);
      releaseValues([vision]);
      const alone = told.fresh && promptForNew(this.#tokenizer, prompt, told.fresh);
      return { ...found, restStays: told.restStays, fresh: alone && box ? { prompt: alone, box } : undefined };
    } finally {
      releaseValues([embeddings]);
    }
  }

  /** Something new by itself, as often as there are to be results. */
  async #drawNew(words: string, options: EditOptions, share: number): Promise<Picture[]> {
    const { count, seed, signal, sampler, steps, onProgress } = options;
    const alone = { count, seed, signal, sampler, steps, onProgress, layout: false };
    return this.generate(words, partOf(alone, 0, share));
  }

  /** An edit's results, drawn from its source. */
  async #drawEdit(prepared: Picture, grid: Grid, prompt: readonly number[], options: EditOptions): Promise<Picture[]> {
    const pixels = asPixels(prepared);
    const { tokens, encoded, features: own } = await encodePictures(this.#programs, grid, pixels);
    const { hidden } = await this.#programs.hidden().runOnDevice({ source: encoded });
    releaseValues([tokens, encoded]);
    const features = this.config.editing_vision ? await joinFeatures([own, await this.#see(prepared)]) : own;
    const jobs = Array.from({ length: pictureCount(options.count) }, (_, seed) => ({ prompt, seed }));
    const twin = this.#encode(editTwin(features.shape[1]));
    try {
      const source = { hidden, features, imageToken: this.#imageToken() };
      return await drawPictures(this.#programs, jobs, { twin, grid, source }, options);
    } finally {
      releaseValues([hidden, features]);
    }
  }

  /** Of every prompt the things that are to be drawn by themselves. */
  async #layouts(prompts: readonly number[][], { layout = true, signal }: GenerateOptions): Promise<AloneThing[][]> {
    if (!layout || !this.config.layouts) return prompts.map(() => []);
    const layouts: AloneThing[][] = [];
    for (const prompt of prompts) {
      signal?.throwIfAborted();
      const things = await thingsNamed(this.#programs, this.#tokenizer, prompt);
      layouts.push(things.map(({ words, box }) => ({ prompt: this.#encode(generationPrompt(words)), box })));
    }
    return layouts;
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
    const { features, ...others } = await encodePictures(this.#programs, [side, side], asPixels(prepared));
    releaseValues(others);
    return features;
  }

  /** A picture's features by the vision tower. */
  async #see(picture: Picture): Promise<Value> {
    const prepared = prepareForUnderstanding(picture, this.config.siglip2.image_size);
    return (await this.#programs.see().runOnDevice({ pixels: asPixels(prepared) })).features;
  }
}

/** Results that are the same, each to be had alone. */
const copiesOf = (picture: Picture, count: number): Picture[] =>
  Array.from({ length: count }, () => ({ ...picture, data: picture.data.slice() }));
