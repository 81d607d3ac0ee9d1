import type { Scene } from "../data/index.ts";
import { UserError } from "../errors.ts";
import type { Picture } from "../image/index.ts";
import type { Artist, ArtistOptions } from "./artist.ts";
import type { Autoencoder } from "./autoencoder.ts";
import { type Ceiling, drawPictures, measureCeiling } from "./ceiling.ts";
import { type Judged, type Scores, score } from "./judge.ts";
import { namesOnly } from "./mentions.ts";
import { type Proportion, proportion } from "./proportion.ts";
import type { Part } from "./reader/config.ts";
import type { Reader, Reading } from "./reader/reader.ts";
import { EDIT_KINDS, type EditKind, PROMPT_KINDS, planDescriptions, planEdits, planPrompts } from "./tasks.ts";

export interface BenchmarkOptions {
  artist: Artist;
  reader: Reader;
  /** The model's autoencoder, for the ceiling of pictures that have been through it. */
  autoencoder?: Autoencoder;
  seed: number;
  /** Prompts to draw; 200 otherwise. */
  prompts?: number;
  /** Pictures to describe; 200 otherwise. */
  descriptions?: number;
  /** Edits of each kind; 50 otherwise. */
  edits?: number;
  /** Tasks given to the artist at once; 16 otherwise. */
  batch?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { test: string; done: number; total: number }) => void;
}

/** One line of the table: how often something is right, and how often the reader finds it right in pictures that are. */
export interface Score {
  test: string;
  /** What has to be right. */
  right: string;
  value: Proportion;
  /** Of what follows the reader's list of ceilings, in order; empty where no reader was used. */
  ceilings: Proportion[];
}

export interface BenchmarkResult {
  seed: number;
  /** What the ceilings were measured on. */
  ceilingsOf: string[];
  scores: Score[];
  /** The reader on true pictures of all prompts, with its false passes. */
  reader: Ceiling[];
}

/** A task with what came of it, to look at. */
export interface Exhibit {
  test: string;
  /** The prompt, instruction or question. */
  task: string;
  /** What was drawn; for an edit, source and result. */
  pictures: Picture[];
  /** What the reader saw, or what the model said. */
  outcome: string;
  isRight: boolean;
}

const DEFAULTS = { prompts: 200, descriptions: 200, edits: 50, batch: 16 } as const;
const MOST_TASKS = 100_000;
const QUESTION = "Describe the picture.";
/** The parts that a change is about, and the one that is to stay. */
const EDIT_PARTS: Readonly<Record<EditKind, { together: readonly Part[]; kept: Part }>> = {
  color: { together: ["object", "color"], kept: "background" },
  background: { together: ["object", "background"], kept: "color" },
};

/**
 * Has an artist draw, edit and describe, and reads what it drew. The same seed asks the same of every artist.
 *
 * @throws UserError when a number of tasks is not a whole number from 0 to 100,000
 */
export async function runBenchmark(
  options: BenchmarkOptions,
): Promise<{ result: BenchmarkResult; exhibits: Exhibit[] }> {
  const run = new Run(options);
  await run.drawPrompts();
  await run.describePictures();
  for (const kind of EDIT_KINDS) await run.editPictures(kind);
  const { scores, promptCeilings, exhibits } = run;
  const ceilingsOf = promptCeilings.map(({ of }) => of);
  return { result: { seed: options.seed, ceilingsOf, scores, reader: promptCeilings }, exhibits };
}

class Run {
  readonly scores: Score[] = [];
  readonly exhibits: Exhibit[] = [];
  promptCeilings: Ceiling[] = [];
  readonly #options: BenchmarkOptions & typeof DEFAULTS;

  constructor(options: BenchmarkOptions) {
    this.#options = { ...DEFAULTS, ...options } as BenchmarkOptions & typeof DEFAULTS;
    for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
      const value = this.#options[name];
      const least = name === "batch" ? 1 : 0;
      if (!Number.isInteger(value) || value < least || value > MOST_TASKS) {
        throw new UserError(`${name} must be a whole number from ${least} to ${MOST_TASKS}, not ${value}.`);
      }
    }
  }

  async drawPrompts(): Promise<void> {
    const { seed, prompts, artist, reader } = this.#options;
    const tasks = planPrompts(seed, prompts);
    const pictures = await this.#inParts("draw", tasks, (part, options) =>
      artist.generate(
        part.map(({ prompt }) => prompt),
        options,
      ),
    );
    const readings = await reader.read(pictures);
    this.promptCeilings = await measureCeiling(reader, tasks, this.#options);
    for (const kind of PROMPT_KINDS) {
      const chosen = tasks.flatMap((task, i) => (task.kind === kind ? [{ ...task, reading: readings[i] }] : []));
      const ceilings = (await measureCeiling(reader, chosen, this.#options)).map(({ scores }) => scores);
      const scores = score(chosen);
      this.#addScores(kind, scores, ceilings, "object", "object");
      if (kind !== "single object") {
        this.#addScores(kind, scores, ceilings, "color", "color");
        this.#addScores(kind, scores, ceilings, "object and color", "together");
      }
      this.#addScores(kind, scores, ceilings, "background", "background");
    }
    tasks.forEach(({ kind, prompt, wanted }, i) => {
      const isRight = allRight({ wanted, reading: readings[i] }, ["object", "color"]);
      this.exhibits.push({ test: kind, task: prompt, pictures: [pictures[i]], outcome: show(readings[i]), isRight });
    });
  }

  async describePictures(): Promise<void> {
    const { seed, descriptions, artist, reader } = this.#options;
    const scenes = planDescriptions(seed, descriptions);
    const pictures = drawPictures(scenes, reader.config.size);
    const texts = await this.#inParts("describe", pictures, (part, options) =>
      artist.describe(
        part,
        part.map(() => QUESTION),
        options,
      ),
    );
    const described = scenes.map((scene, i) => ({ scene, text: texts[i] }));
    const namesIt = ({ scene, text }: { scene: Scene; text: string }) => namesOnly(text, scene.objects[0].name);
    const colored = described.filter(({ scene }) => scene.objects[0].color !== null);
    const add = (right: string, value: Proportion) =>
      this.scores.push({ test: "description", right, value, ceilings: [] });
    add("object", proportion(described, namesIt));
    add(
      "object and color, held-out combination",
      proportion(colored, ({ scene, text }) => {
        const [{ name, color }] = scene.objects;
        return namesIt({ scene, text }) && text.toLowerCase().includes(`${color} ${name}`);
      }),
    );
    described.forEach(({ scene, text }, i) => {
      const isRight = namesIt({ scene, text });
      this.exhibits.push({ test: "description", task: QUESTION, pictures: [pictures[i]], outcome: text, isRight });
    });
  }

  async editPictures(kind: EditKind): Promise<void> {
    const { seed, edits, artist, reader } = this.#options;
    const tasks = planEdits(seed, kind, edits);
    const sources = drawPictures(
      tasks.map(({ source }) => source),
      reader.config.size,
    );
    const numbered = tasks.map((task, i) => ({ ...task, picture: sources[i] }));
    const edited = await this.#inParts(`edit ${kind}`, numbered, (part, options) =>
      artist.edit(
        part.map(({ picture }) => picture),
        part.map(({ instruction }) => instruction),
        options,
      ),
    );
    const readings = await reader.read(edited);
    const { together, kept } = EDIT_PARTS[kind];
    const judged = tasks.map(({ wanted }, i) => ({ wanted, reading: readings[i] }));
    const scores = score(judged, together);
    const ceilings = (await measureCeiling(reader, tasks, { ...this.#options, together })).map((each) => each.scores);
    const test = `change of ${kind}`;
    this.#addScores(test, scores, ceilings, `success: new ${kind}, same object`, "together");
    this.#addScores(test, scores, ceilings, `new ${kind}`, kind);
    this.#addScores(test, scores, ceilings, "kept: object", "object");
    this.#addScores(test, scores, ceilings, `kept: ${kept}`, kept);
    tasks.forEach(({ instruction }, i) => {
      const isRight = allRight(judged[i], together);
      const pictures = [sources[i], edited[i]];
      this.exhibits.push({ test, task: instruction, pictures, outcome: show(readings[i]), isRight });
    });
  }

  #addScores(test: string, scores: Scores, ceilings: readonly Scores[], right: string, key: keyof Scores): void {
    this.scores.push({ test, right, value: scores[key], ceilings: ceilings.map((each) => each[key]) });
  }

  /** Gives tasks to the artist some at a time, and checks that it has an answer to each. */
  async #inParts<Task, Result>(
    test: string,
    tasks: readonly Task[],
    work: (part: Task[], options: ArtistOptions) => Promise<Result[]>,
  ): Promise<Result[]> {
    const { seed, batch, signal, onProgress } = this.#options;
    const results: Result[] = [];
    for (let start = 0; start < tasks.length; start += batch) {
      signal?.throwIfAborted();
      const part = tasks.slice(start, start + batch);
      const done = await work(part, { seed: seed + start, signal });
      if (done.length !== part.length) throw new Error(`${part.length} tasks were given and ${done.length} came back.`);
      results.push(...done);
      onProgress?.({ test, done: results.length, total: tasks.length });
    }
    return results;
  }
}

const allRight = (judged: Judged, parts: readonly Part[]): boolean => score([judged], parts).together.successes === 1;

/** What was read, in words. */
function show({ object, color, background }: Reading): string {
  return `${color ?? "?"} ${object ?? "?"}, ${background ?? "?"}`;
}
