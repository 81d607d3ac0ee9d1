import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { LoadOptions } from "../pipeline/parts.ts";
import { UniPic } from "../pipeline/unipic.ts";
import { exportModel } from "../training/export.ts";
import type { Values } from "../training/parameters.ts";
import type { Prepared } from "../training/prepare.ts";

/**
 * The model that a run has come to so far, made when it is first asked for and then the same for all who ask. It lies in the run's folder
 * until `close`, as it would when the run were over.
 */
export class RunModel {
  readonly #folder: string;
  #loaded: Promise<UniPic> | undefined;

  constructor(
    run: string,
    private readonly state: { weights: Values; prepared: Prepared },
    private readonly loading: LoadOptions,
  ) {
    this.#folder = join(run, "sample-model");
  }

  load(): Promise<UniPic> {
    this.#loaded ??= exportModel(this.#folder, this.state.weights, this.state.prepared).then(() =>
      UniPic.load(this.#folder, this.loading),
    );
    return this.#loaded;
  }

  async close(): Promise<void> {
    if (!this.#loaded) return;
    const model = await this.#loaded.catch(() => undefined);
    await model?.release();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
