/** The picture world: scenes, their pictures and captions, from a seed. And data sets on disk. */
export {
  BACKGROUND_KINDS,
  type Background,
  type BackgroundKind,
} from "./backgrounds.ts";
export { type CaptionOptions, caption, describe, describeInStatements, type Statement } from "./captions.ts";
export { COLOR_NAMES, COLORS, type ColorName } from "./colors.ts";
export { drawScene } from "./draw.ts";
export { type ChangedThing, knownChanges } from "./edits/changed-things.ts";
export { EDIT_TYPES, type Edit, type EditOptions, type EditType, planEdit } from "./edits/index.ts";
export { backdropFor, newThing, newThingNamed } from "./edits/new-thing.ts";
export { FILTERS, type Filter } from "./filters.ts";
export {
  GENEVAL_PROMPTS,
  GENEVAL_TAGS,
  type GenEvalPrompt,
  type GenEvalTag,
  isGenEvalPrompt,
} from "./geneval-prompts.ts";
export { isHeldOut } from "./held-out.ts";
export { type ToldScene, tellScene } from "./layouts.ts";
export { OBJECT_NAMES, STYLES, type Style } from "./objects.ts";
export { isSingle, type PlanOptions, planScene, type SizeRange, sizesFor } from "./planning.ts";
export { contactSheet, type SheetOptions } from "./preview.ts";
export {
  askQuestion,
  askQuestions,
  QUESTION_KINDS,
  type Question,
  type QuestionKind,
  type QuestionOptions,
} from "./questions.ts";
export { type Box, opposite, RELATIONS, type Relation, relationsBetween } from "./relations.ts";
export { boxOf, type Scene, type SceneObject, standAt, TASKS, type Task } from "./scene.ts";
export {
  buildShards,
  checkSet,
  openSampleSet,
  PreparedStream,
  pictureJobs,
  SAMPLE_KINDS,
  type Sample,
  type SampleKind,
  SampleStream,
  ShardWriter,
  setSource,
  setStats,
  worldSource,
} from "./sets/index.ts";
export type { Span } from "./words.ts";
