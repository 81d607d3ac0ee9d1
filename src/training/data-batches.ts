import { toFloat32 } from "../checkpoint/index.ts";
import { caption, describe, drawScene, planEdit, planScene } from "../data/index.ts";
import { askQuestions, DESCRIBE_QUESTIONS, type Question } from "../data/questions.ts";
import {
  type BadSample,
  type DataTask,
  defaultThreads,
  draws,
  type PictureJobs,
  type PreparedSample,
  PreparedStream,
  pictureJobs,
  type StreamCursor,
  TASKS,
} from "../data/sets/index.ts";
import { nativeSide, sourceFeatures, tokenWidth, type UniPicConfig } from "../models/config.ts";
import { Random } from "../random.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import { editPrompt, editTwin, generationPrompt, generationTwin } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import {
  type Batch,
  CONTRAST_BACKGROUND_SHARE,
  composingBatches,
  contrastInputs,
  editingInputs,
  generationInputs,
  groundingBatch,
  prefixed,
  TWIN_SHARE,
  visionInputs,
} from "./batches.ts";
import { type DataConfig, readsLatents } from "./data-config.ts";
import { type OpenSource, openSources, pickSource, sourcesOf, streamSeed } from "./data-source.ts";
import { latentBytes, openLatents } from "./latent-set.ts";
import { pixelArray } from "./pixel-array.ts";
import type { StageConfig } from "./stage.ts";
import { understandingInputs } from "./understanding-inputs.ts";

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
  /** What is asked for or said; empty of understanding, which has what is asked about the picture. */
  words: string;
  asked?: readonly Pick<Question, "question" | "answer">[];
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
      const size = draws(task) ? config.mar.img_size : config.siglip2.image_size;
      return Promise.all(
        sourcesOf(sources, task, stage.name).map(async (source) => {
          const { path, set } = source;
          if (path === undefined || !set) return source;
          const key = `${task} ${path}`;
          const usesLatents = readsLatents(task, config, data);
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
    const feeds: Partial<Record<DataTask, Feed[]>> = {};
    for (const task of TASKS) feeds[task] = await open(task);
    return new DataBatches(options, feeds, jobs, known);
  }

  /** Makes the batch of a step; steps are asked for one after the other. */
  async make(step: number): Promise<MadeBatch> {
    const { config, tokenizer, stage, seed } = this.options;
    const random = new Random(seed * 1_000_003 + step);
    const batch: Batch = {};
    for (const task of TASKS) {
      const feeds = this.feeds[task];
      if (!feeds) continue;
      const examples = await this.#examples(task, feeds, random);
      Object.assign(batch, prefixed(task, this.#inputs(task, examples, random)));
    }
    Object.assign(batch, groundingBatch(config, tokenizer, stage, random));
    Object.assign(batch, composingBatches(config, tokenizer, stage, random));
    return { batch, cursors: { ...this.#cursors } };
  }

  /** A task's inputs of the stage's program. */
  #inputs(task: DataTask, examples: readonly Example[], random: Random): Batch {
    const { config, tokenizer, stage } = this.options;
    const first = examples.map(({ pictures }) => pictures[0]);
    if (task === "generation") {
      const prompts = examples.map(({ words }) =>
        random.chance(TWIN_SHARE) ? generationTwin : generationPrompt(this.#cut(words)),
      );
      return {
        ...this.#drawn(task, "", first),
        ...generationInputs(config, tokenizer, prompts, random, stage.timestepShift),
      };
    }
    if (task === "editing") {
      const features = sourceFeatures(config);
      const edits = examples.map(({ pictures: [source, target], words }) =>
        random.chance(stage.repeats)
          ? { target: source, prompt: editTwin(features) }
          : { target, prompt: editPrompt(this.#cut(words), features) },
      );
      const prompts = edits.map(({ prompt }) => prompt);
      return {
        ...this.#drawn(task, "source_", first),
        ...visionInputs(config, first),
        ...this.#drawn(
          task,
          "",
          edits.map(({ target }) => target),
        ),
        ...editingInputs(config, tokenizer, prompts, random, stage.timestepShift),
      };
    }
    const pixels = pixelArray(first, config.siglip2.image_size);
    if (task === "contrast") {
      const words = examples.map((example) => this.#cut(example.words));
      return { pixels, ...contrastInputs(config, tokenizer, words) };
    }
    const asked = examples.map((example) =>
      example.asked!.map(({ question, answer }) => ({ question: this.#cut(question), answer: this.#cut(answer) })),
    );
    return { pixels, ...understandingInputs(config, tokenizer, asked, random, stage) };
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
      return { pictures: [drawScene(scene, size)], words: caption(random, scene, stage.captions) };
    }
    if (task === "editing") {
      const edit = planEdit(random, { ...stage.scenes, ...stage.edits });
      return { pictures: [drawScene(edit.source, size), drawScene(edit.target, size)], words: edit.instruction };
    }
    const scene = planScene(random, { ...stage.scenes, ...stage.seen });
    if (task === "contrast") {
      const words = describe(scene, { background: random.chance(CONTRAST_BACKGROUND_SHARE) });
      return { pictures: [drawScene(scene, config.siglip2.image_size)], words };
    }
    const asked = askQuestions(random, scene, stage.questions);
    return { pictures: [drawScene(scene, config.siglip2.image_size)], words: "", asked };
  }

  /** A text of at most as many tokens as the stage takes. */
  #cut(text: string): string {
    const { tokenizer, stage } = this.options;
    const ids = tokenizer.encode(text);
    if (ids.length <= stage.data.longestText) return text;
    // The cut may fall within a character.
    return tokenizer.decode(ids.slice(0, stage.data.longestText)).replace(/\uFFFD+$/, "");
  }

  /** Pictures that are drawn, in the form that the stage takes them in. */
  #drawn(task: DataTask, prefix: "" | "source_", pictures: readonly Uint8Array[]): Batch {
    const { config, stage } = this.options;
    if (readsLatents(task, config, stage.data)) return { [`${prefix}latents`]: latentArray(pictures, config) };
    return { [`${prefix}pixels`]: pixelArray(pictures, config.mar.img_size) };
  }
}

/** A sample of a data set as an example for a task: understanding asks its own question, or, where it has none, for its caption. */
function exampleOf(task: DataTask, { texts, pictures }: PreparedSample, random: Random): Example {
  if (task === "generation" || task === "contrast") return { pictures: [pictures.image!], words: texts.caption! };
  if (task === "editing") return { pictures: [pictures.source!, pictures.target!], words: texts.instruction! };
  if (texts.question !== undefined && texts.answer !== undefined) {
    return { pictures: [pictures.image!], words: "", asked: [{ question: texts.question, answer: texts.answer }] };
  }
  const asked = [{ question: random.pick(DESCRIBE_QUESTIONS), answer: texts.caption! }];
  return { pictures: [pictures.image!], words: "", asked };
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
