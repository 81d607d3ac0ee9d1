import type { Value } from "../runtime/values.ts";
import { hostArray } from "../tensor/dtype.ts";
import type { Programs } from "./programs.ts";

/** The embeddings of a prompt without pictures, or of what stands in for them: [1, length, hidden]. */
export async function embed(programs: Programs, prompt: readonly number[]): Promise<Value> {
  const ids = hostArray("int64", [1, prompt.length], prompt);
  return (await programs.embed(false).runOnDevice({ ids })).embeddings;
}
