import type { WorldOptions } from "../data/sets/index.ts";
import { UserError } from "../errors.ts";

/** Options of a command that shows what a stage of training draws. */
export interface StageOptions {
  /** A training configuration. */
  config?: string;
  /** The name of one of its stages; the first otherwise. */
  stage?: string;
}

type Scenes = Pick<WorldOptions, "scenes" | "captions" | "seen" | "edits" | "questions">;

/** What the stage draws; everything, where no configuration is named. */
export async function scenesOf({ config, stage }: StageOptions): Promise<Scenes> {
  if (config === undefined) {
    if (stage !== undefined) throw new UserError("--stage names a stage of a configuration; give --config as well.");
    return {};
  }
  const { readTrainConfig } = await import("../training/train-config.ts");
  const { stages } = await readTrainConfig(config);
  const found = stage === undefined ? stages[0] : stages.find(({ name }) => name === stage);
  if (!found) {
    const names = stages.map(({ name }) => `"${name}"`).join(", ");
    throw new UserError(`"${config}" has no stage "${stage}"; its stages are ${names}.`);
  }
  const { scenes, captions, seen, edits, questions } = found;
  return { scenes, captions, seen, edits, questions };
}
