/** Data sets on disk: tar shards and folders of pictures, read as streams of samples. */
export {
  type BuildOptions,
  type BuildSource,
  type BuildState,
  buildShards,
  totals,
} from "./build.ts";
export { type CheckOptions, type CheckResult, checkSet } from "./check.ts";
export { PICTURE_FORMATS, type PictureFormat, type Squaring } from "./picture-jobs.ts";
export { defaultThreads, type PictureJobs, pictureJobs } from "./pictures.ts";
export { mostlyBad, type PreparedSample, PreparedStream, type StreamCursor, unreadable } from "./prepared-stream.ts";
export type { BadRecord, DataRecord, SampleSet, Shard } from "./record.ts";
export { type DataTask, draws, kindsOf, SAMPLE_KINDS, type Sample, type SampleKind, serves, TASKS } from "./sample.ts";
export { type SetSourceOptions, setSource } from "./set-source.ts";
export { type Fields, ShardWriter } from "./shard-writer.ts";
export { openSampleSet } from "./shards.ts";
export { type SetStats, type Spread, type StatsOptions, setStats } from "./stats.ts";
export { type BadSample, everySample, SampleStream, type StreamItem, type StreamPlace } from "./stream.ts";
export type { WorldOptions } from "./world-samples.ts";
export { type WorldSourceOptions, worldSource } from "./world-source.ts";
