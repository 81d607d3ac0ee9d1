import { hashText } from "../data/hash.ts";
import {
  type DataTask,
  everySample,
  openSampleSet,
  type Sample,
  type SampleSet,
  SampleStream,
  type StreamPlace,
  serves,
  TASKS,
} from "../data/sets/index.ts";
import { UserError } from "../errors.ts";
import type { Random } from "../random.ts";
import type { DataConfig, DataSource } from "./data-config.ts";

/** A source that has been looked at. */
export interface OpenSource extends DataSource {
  tasks: DataTask[];
  /** Its samples on disk; none for the picture world. */
  set?: SampleSet;
}

/** Samples that are looked at to tell what a data set is for. */
const LOOKED_AT = 100;

/**
 * Finds a mixture's data sets, and what each of them can serve.
 *
 * @throws UserError when there is no data set at a path
 */
export async function openSources({ sources }: Pick<DataConfig, "sources">): Promise<OpenSource[]> {
  return Promise.all(
    sources.map(async (source) => {
      const { path, tasks } = source;
      if (path === undefined) return { ...source, tasks: tasks ?? [...TASKS] };
      const set = await openSampleSet(path);
      return { ...source, set, tasks: tasks ?? (await servedTasks(set)) };
    }),
  );
}

/** What the first samples of a data set can serve: those that can be used out of the first hundred, all shards in their order. */
export async function servedTasks(set: SampleSet): Promise<DataTask[]> {
  const found = new Set<DataTask>();
  let count = 0;
  for await (const item of everySample(set, { textsOnly: true })) {
    if ("sample" in item) for (const task of TASKS) if (serves(item.sample, task)) found.add(task);
    if (++count === LOOKED_AT) break;
  }
  return TASKS.filter((task) => found.has(task));
}

/** A few captions out of a mixture's data sets, always the same for the same seed; fewer where there are not so many. */
export async function captionsOf(data: DataConfig, count: number, seed: number): Promise<string[]> {
  const captions: string[] = [];
  for (const { path, set, tasks } of await openSources(data)) {
    if (path === undefined || !set || !tasks.includes("generation")) continue;
    const accepts = (sample: Sample) => serves(sample, "generation");
    const stream = new SampleStream(set, { seed, shuffle: 1000, accepts, textsOnly: true });
    try {
      for (let place: StreamPlace | undefined; captions.length < count && (place?.epoch ?? 0) === 0; ) {
        const item = await stream.next();
        place = item.place;
        if (item.sample) captions.push(item.sample.texts.caption!);
      }
    } finally {
      await stream.close();
    }
  }
  return captions;
}

/**
 * The sources of a task.
 *
 * @throws UserError when there are none
 */
export function sourcesOf<Source extends OpenSource>(
  sources: readonly Source[],
  task: DataTask,
  stage: string,
): Source[] {
  const serving = sources.filter(({ tasks }) => tasks.includes(task));
  if (serving.length > 0) return serving;
  const there = sources.map(({ path, tasks }) => `${path ?? "the picture world"}: ${tasks.join(", ") || "nothing"}`);
  throw new UserError(
    `The stage "${stage}" learns ${task}, which none of its data serves (${there.join("; ")}): add a source, or set its batch to 0.`,
  );
}

/** One of a mixture's sources, each as likely as its weight says. */
export function pickSource<Source extends Pick<DataSource, "weight">>(
  random: Random,
  sources: readonly Source[],
): Source {
  let draw = random.uniform(
    0,
    sources.reduce((sum, { weight }) => sum + weight, 0),
  );
  for (const source of sources) {
    draw -= source.weight;
    if (draw < 0) return source;
  }
  return sources[sources.length - 1];
}

/** The seed of a source's stream: another one for each task and path, so that two streams of the same data go their own ways. */
export const streamSeed = (seed: number, task: string, path: string): number => hashText(`${seed} ${task} ${path}`);
