import { inferencePrograms } from "../models/all-parameters.ts";
import type { UniPicConfig } from "../models/config.ts";
import { inOrder, isLinear, isParameter } from "../tensor/index.ts";

/** The weights that every program of a model uses as those of linear layers only, and that may therefore be quantised. */
export function linearWeights(config: UniPicConfig): ReadonlySet<string> {
  const multiplied = new Set<string>();
  const otherwise = new Set<string>();
  for (const { outputs } of inferencePrograms(config)) {
    for (const tensor of inOrder(Object.values(outputs))) {
      tensor.inputs.forEach((source, i) => {
        if (isParameter(source)) (isLinear(tensor) && i === 1 ? multiplied : otherwise).add(source.attributes.name);
      });
    }
  }
  for (const name of otherwise) multiplied.delete(name);
  return multiplied;
}
