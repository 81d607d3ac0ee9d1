import { toFloat32 } from "../checkpoint/index.ts";
import { caption, drawScene, planEdit, planScene } from "../data/index.ts";
import { askQuestion, DESCRIBE_QUESTIONS } from "../data/questions.ts";
import {
  type BadSample,
  type DataTask,
  defaultThreads,
  type PictureJobs,
  type PreparedSample,
  PreparedStream,
  pictureJobs,
  type StreamCursor,
} from "../data/sets/index.ts";
import { nativeSide, tokenWidth, type UniPicConfig } from "../models/config.ts";
import { Random } from "../random.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import { editPrompt, editTwin, generationPrompt, generationTwin } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import {
  type Batch,
  editingInputs,
  generationInputs,
  pixelArray,
  prefixed,
  sourceFeatures,
  TWIN_SHARE,
  understandingInputs,
} from "./batches.ts";
import type { DataConfig } from "./data-config.ts";
import { type OpenSource, openSources, pickSource, sourcesOf, streamSeed } from "./data-source.ts";
import { latentBytes, openLatents } from "./latent-set.ts";
import type { StageConfig } from "./stage.ts";

/** Where the streams of a mixture stand, by task and path. */
export type DataCursors = Record<string, StreamCursor>;

/** A batch, and where the data stand behind it. */
export interface MadeBatch {
  batch: Batch;
  /** Saved with the run, they make the next batch the same after a stop. */
  cursors?: DataCursors;
}

export interface DataBatchesOptions {
  config: UniPicConfig;
  tokenizer: Tokenizer;
  stage: StageConfig & { data: DataConfig };
  seed: number;
  /** Names the latents that the run's autoencoder made, where the stage learns from latents. */
  latentKey?: string;
  /** Told of every sample that was to be in a batch but cannot be used. */
  onBad: (bad: BadSample) => void;
  /** Decode pictures between the steps instead of in threads. */
  isInline?: boolean;
}

interface Feed extends OpenSource {
  stream?: { key: string; samples: PreparedStream };
}

/** What one sample shows and says. */
interface Example {
  /** The source's and the target's pictures for an edit, one picture otherwise: RGB bytes, or float16 latents. */
  pictures: Uint8Array[];
  words: string;
  answer?: string;
}

/**
 * Batches out of a mixture of data sets and the picture world. A step's batch follows from the seed, the step, and where the streams stood
 * before it.
 */
export class DataBatches {
  readonly #cursors: DataCursors;

  private constructor(
    private readonly options: DataBatchesOptions,
    private readonly feeds: Partial<Record<DataTask, Feed[]>>,
    private readonly jobs: PictureJobs,
    cursors: DataCursors,
  ) {
    this.#cursors = cursors;
  }

  /**
   * @param cursors where the streams stood behind the last step; those of sources that have gone are dropped
   * @throws UserError when there is no data at a source's path, or a task that the stage learns has no source
   */
  static async open(options: DataBatchesOptions, cursors: DataCursors = {}): Promise<DataBatches> {
    const { config, stage, seed, latentKey, onBad } = options;
    const { data, batch } = stage;
    const threads = options.isInline ? 0 : (data.threads ?? defaultThreads());
    const jobs = pictureJobs(threads);
    const known: DataCursors = {};
    const sources = await openSources(data);
    const open = async (task: DataTask): Promise<Feed[] | undefined> => {
      if (batch[task] === 0) return undefined;
      const isLooking = task === "understanding";
      const size = isLooking ? config.siglip2.image_size : config.mar.img_size;
      return Promise.all(
        sourcesOf(sources, task, stage.name).map(async (source) => {
          const { path, set } = source;
          if (path === undefined || !set) return source;
          const key = `${task} ${path}`;
          const usesLatents = data.latents && !isLooking;
          const samples = new PreparedStream(
            usesLatents ? await openLatents(set, latentKey!) : set,
            {
              task,
              seed: streamSeed(seed, task, path),
              shuffle: data.shuffle,
              size,
              jobs,
              threads,
              onBad,
              latentBytes: latentBytes(config),
            },
            cursors[key],
          );
          if (cursors[key]) known[key] = cursors[key];
          return { ...source, stream: { key, samples } };
        }),
      );
    };
    const [generation, editing, understanding] = [
      await open("generation"),
      await open("editing"),
      await open("understanding"),
    ];
    return new DataBatches(options, { generation, editing, understanding }, jobs, known);
  }

  /** Makes the batch of a step; steps are asked for one after the other. */
  async make(step: number): Promise<MadeBatch> {
    const { config, tokenizer, stage, seed } = this.options;
    const random = new Random(seed * 1_000_003 + step);
    const batch: Batch = {};
    const { generation, editing, understanding } = this.feeds;
    const drawn = stage.data.latents ? "latents" : "pixels";
    const shift = stage.timestepShift;
    if (generation) {
      const examples = await this.#examples("generation", generation, random);
      const prompts = examples.map(({ words }) =>
        random.chance(TWIN_SHARE) ? generationTwin : generationPrompt(this.#cut(words)),
      );
      const inputs = generationInputs(config, tokenizer, prompts, random, shift);
      Object.assign(batch, prefixed("generation", { [drawn]: this.#pictures(examples, 0), ...inputs }));
    }
    if (editing) {
      const examples = await this.#examples("editing", editing, random);
      const features = sourceFeatures(config.mar);
      const prompts = examples.map(({ words }) =>
        random.chance(TWIN_SHARE) ? editTwin(features) : editPrompt(this.#cut(words), features),
      );
      const pictures = { [`source_${drawn}`]: this.#pictures(examples, 0), [drawn]: this.#pictures(examples, 1) };
      const inputs = editingInputs(config, tokenizer, prompts, random, shift);
      Object.assign(batch, prefixed("editing", { ...pictures, ...inputs }));
    }
    if (understanding) {
      const examples = await this.#examples("understanding", understanding, random);
      const asked = examples.map(({ words, answer }) => ({
        question: this.#cut(words),
        answer: this.#cut(answer!),
      }));
      const pixels = pixelArray(
        examples.map(({ pictures }) => pictures[0]),
        config.siglip2.image_size,
      );
      const inputs = understandingInputs(config, tokenizer, asked);
      Object.assign(batch, prefixed("understanding", { pixels, ...inputs }));
    }
    return { batch, cursors: { ...this.#cursors } };
  }

  async close(): Promise<void> {
    const feeds = Object.values(this.feeds).flatMap((each) => each ?? []);
    await Promise.all(feeds.map(({ stream }) => stream?.samples.close()));
    await this.jobs.close();
  }

  async #examples(task: DataTask, feeds: readonly Feed[], random: Random): Promise<Example[]> {
    const examples: Example[] = [];
    for (let i = 0; i < this.options.stage.batch[task]; i++) {
      const { stream } = pickSource(random, feeds);
      if (!stream) examples.push(this.#fromWorld(task, random));
      else {
        const { sample, cursor } = await stream.samples.next();
        this.#cursors[stream.key] = cursor;
        examples.push(exampleOf(task, sample, random));
      }
    }
    return examples;
  }

  #fromWorld(task: DataTask, random: Random): Example {
    const { config, stage } = this.options;
    const size = config.mar.img_size;
    if (task === "generation") {
      const scene = planScene(random, stage.scenes);
      return { pictures: [drawScene(scene, size)], words: caption(random, scene) };
    }
    if (task === "editing") {
      const { source, target, instruction } = planEdit(random, { ...stage.scenes, ...stage.edits });
      return { pictures: [drawScene(source, size), drawScene(target, size)], words: instruction };
    }
    const scene = planScene(random, { ...stage.scenes, ...stage.seen });
    const { question, answer } = askQuestion(random, scene, stage.questions);
    return { pictures: [drawScene(scene, config.siglip2.image_size)], words: question, answer };
  }

  /** A text of at most as many tokens as the stage takes. */
  #cut(text: string): string {
    const { tokenizer, stage } = this.options;
    const ids = tokenizer.encode(text);
    if (ids.length <= stage.data.longestText) return text;
    // The cut may fall within a character.
    return tokenizer.decode(ids.slice(0, stage.data.longestText)).replace(/\uFFFD+$/, "");
  }

  #pictures(examples: readonly Example[], index: number): HostArray {
    const { config, stage } = this.options;
    const pictures = examples.map((example) => example.pictures[index]);
    return stage.data.latents ? latentArray(pictures, config) : pixelArray(pictures, config.mar.img_size);
  }
}

/** A sample of a data set as an example for a task: understanding asks its own question, or, where it has none, for its caption. */
function exampleOf(task: DataTask, { texts, pictures }: PreparedSample, random: Random): Example {
  if (task === "generation") return { pictures: [pictures.image!], words: texts.caption! };
  if (task === "editing") return { pictures: [pictures.source!, pictures.target!], words: texts.instruction! };
  if (texts.question !== undefined && texts.answer !== undefined) {
    return { pictures: [pictures.image!], words: texts.question, answer: texts.answer };
  }
  return { pictures: [pictures.image!], words: random.pick(DESCRIBE_QUESTIONS), answer: texts.caption! };
}

/** Float16 latents of pictures as float32 [count, places, token]. */
function latentArray(latents: readonly Uint8Array[], { mar }: UniPicConfig): HostArray {
  const places = nativeSide(mar) ** 2;
  const values = new Float32Array(latents.length * places * tokenWidth(mar));
  latents.forEach((bytes, i) => {
    const shape = [places, tokenWidth(mar)];
    values.set(toFloat32({ name: "latents", dtype: "F16", shape, bytes }), i * places * tokenWidth(mar));
  });
  return hostArray("float32", [latents.length, places, tokenWidth(mar)], values);
}
