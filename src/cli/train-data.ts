import { join } from "node:path";
import type { DataTask, SampleSet } from "../data/sets/index.ts";
import { UserError } from "../errors.ts";
import { samplesIn, TRAINING_TASKS } from "../training/stage.ts";
import type { TrainConfig } from "../training/train-config.ts";
import { DataReport } from "./data-report.ts";

/** The plan for data of one's own, where no configuration is given. */
export const OWN_PICTURES = new URL("../../configs/own-pictures.json", import.meta.url);

/**
 * Makes a plan learn from one data set. A folder of pictures is first made into shards in the run's folder, with pictures no larger than
 * the model needs; what the data cannot serve is left out of the stages, and said.
 */
export async function learnFrom(
  path: string,
  plan: TrainConfig,
  folder: string,
  { signal, say }: { signal: AbortSignal; say: (text: string) => void },
): Promise<TrainConfig> {
  const [{ openSampleSet }, { servedTasks }, { parseData }] = await Promise.all([
    import("../data/sets/index.ts"),
    import("../training/data-source.ts"),
    import("../training/data-config.ts"),
  ]);
  const given = await openSampleSet(path);
  const tasks = await servedTasks(given);
  if (tasks.length === 0) {
    throw new UserError(
      `Nothing can be learned from "${path}": unipic data check says what is wrong with its samples.`,
    );
  }
  const learned = given.form === "shards" ? path : await buildFrom(given, plan, folder, signal);
  const { latents = true, shuffle, longestText, threads } = plan.data ?? {};
  const data = parseData({ sources: [{ path: learned, tasks }], latents, shuffle, longestText, threads }, "--data");
  return { ...plan, data, stages: servedStages(plan, tasks, path, say).map((stage) => ({ ...stage, data })) };
}

function servedStages(
  { stages }: TrainConfig,
  tasks: readonly DataTask[],
  path: string,
  say: (text: string) => void,
): TrainConfig["stages"] {
  const asked = TRAINING_TASKS.filter((task) => stages.some(({ batch }) => batch[task] > 0));
  const unserved = asked.filter((task) => !(tasks as readonly string[]).includes(task));
  if (unserved.length > 0) say(`"${path}" has no samples for ${unserved.join(" and ")}; that is left out.`);
  const served = stages
    .map((stage) => {
      const batch = { ...stage.batch };
      for (const task of unserved) batch[task] = 0;
      return { ...stage, batch };
    })
    .filter(({ batch }) => samplesIn(batch) > 0);
  if (served.length > 0) return served;
  throw new UserError(`The stages learn ${asked.join(" and ")}, and "${path}" only serves ${tasks.join(" and ")}.`);
}

/** Pictures as people have them are far larger than what a model of this size sees; decoding them anew in every epoch would take most of the time. */
async function buildFrom(
  given: SampleSet,
  { stages, seed }: TrainConfig,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const [{ buildShards, defaultThreads, openSampleSet, setSource }, { Random }] = await Promise.all([
    import("../data/sets/index.ts"),
    import("../random.ts"),
  ]);
  const output = join(folder, "data");
  const side = Math.max(...stages.flatMap(({ size }) => [size.generation, size.understanding]));
  const set = await openSampleSet(given.path, new Random(seed));
  const source = setSource(set, { side, format: "png", threads: defaultThreads(), seed });
  const report = new DataReport("pictures");
  try {
    await buildShards(source, {
      output,
      shardSize: 1000,
      signal,
      onProgress: (progress) => report.progress(progress),
      onBad: (bad) => report.bad(bad, join(output, "bad-samples.jsonl")),
    });
    return output;
  } finally {
    report.end();
    await source.close();
  }
}
