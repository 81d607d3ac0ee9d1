/** Linear warm-up, then constant or a cosine down to `minimum` (mmengine's LinearLR and CosineAnnealingLR). */
export interface LearningRateOptions {
  peak: number;
  /** Steps of warm-up. */
  warmup: number;
  /** Steps in all. */
  steps: number;
  shape: "constant" | "cosine";
  minimum?: number;
  /** The first step's rate, as a share of the peak. */
  start?: number;
}

/** The learning rate of a step, counted from 0. */
export function learningRate(step: number, options: LearningRateOptions): number {
  const { peak, warmup, steps, shape, minimum = 0, start = 1e-5 } = options;
  if (step < warmup) {
    const progress = warmup > 1 ? step / (warmup - 1) : 1;
    return peak * (start + (1 - start) * progress);
  }
  if (shape === "constant") return peak;
  const progress = Math.min(1, (step - warmup) / (steps - warmup));
  return minimum + ((peak - minimum) * (1 + Math.cos(Math.PI * progress))) / 2;
}
