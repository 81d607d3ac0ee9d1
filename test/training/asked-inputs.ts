import type { UniPicConfig } from "../../src/models/config.ts";
import { inOrder, isInput } from "../../src/tensor/index.ts";
import { traceJointLoss } from "../../src/training/joint-program.ts";

/** The names of the inputs that a stage's program asks for, sorted. */
export function askedInputs(config: UniPicConfig, stage: Parameters<typeof traceJointLoss>[1]): string[] {
  const names = inOrder([traceJointLoss(config, stage).total])
    .filter(isInput)
    .map(({ attributes }) => (attributes as { name: string }).name);
  return [...new Set(names)].sort();
}
