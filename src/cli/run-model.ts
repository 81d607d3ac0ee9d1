import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { LoadOptions } from "../pipeline/parts.ts";
import { UniPic } from "../pipeline/unipic.ts";
import { exportModel } from "../training/export.ts";
import type { Values } from "../training/parameters.ts";
import type { Prepared } from "../training/prepare.ts";

/** Lends the model that a run has come to so far; it lies in the run's folder meanwhile, as it would when the run were over. */
export async function withRunModel<T>(
  run: string,
  { weights, prepared }: { weights: Values; prepared: Prepared },
  loading: LoadOptions,
  use: (model: UniPic) => Promise<T>,
): Promise<T> {
  const folder = join(run, "sample-model");
  try {
    await exportModel(folder, weights, prepared);
    const model = await UniPic.load(folder, loading);
    try {
      return await use(model);
    } finally {
      await model.release();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
