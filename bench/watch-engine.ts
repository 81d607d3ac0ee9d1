import type { Engine } from "../src/runtime/engine.ts";
import type { HostArray } from "../src/tensor/index.ts";

/** What a model's programs did while they were watched. */
export interface Watch {
  /** Seconds, runs and rows of each part of drawing. */
  parts: Map<Part, { seconds: number; runs: number; rows: number }>;
  /** The latent tokens of every picture that was decoded, in order: [places x token] each. */
  latents: Float32Array[];
}

export const PARTS = ["prompt", "rounds", "head", "pixels"] as const;
export type Part = (typeof PARTS)[number];

/** What tells a program: an output that only it has, its part, and the input whose rows are counted. */
const KINDS: readonly { output: string; part: Part; counted: string }[] = [
  { output: "logits", part: "prompt", counted: "ids" },
  { output: "early", part: "rounds", counted: "canvas" },
  { output: "key0", part: "prompt", counted: "ids" },
  { output: "condition", part: "rounds", counted: "canvas" },
  { output: "next", part: "head", counted: "condition" },
  { output: "pixels", part: "pixels", counted: "tokens" },
];

export const newWatch = (): Watch => ({ parts: new Map(), latents: [] });

/** An engine that writes down what its programs do: in `watch()`, which may be another one at every run. */
export function watchedEngine(engine: Engine, watch: () => Watch): Engine {
  return {
    async load(program, options) {
      const loaded = await engine.load(program, options);
      const kind = KINDS.find(({ output }) => program.outputs.some(({ name }) => name === output));
      return {
        release: () => loaded.release(),
        async run(feeds, into) {
          const start = performance.now();
          const results = await loaded.run(feeds, into);
          if (kind) note(watch(), kind, feeds, (performance.now() - start) / 1000);
          return results;
        },
      };
    },
  };
}

function note(
  { parts, latents }: Watch,
  { part, counted }: (typeof KINDS)[number],
  feeds: Readonly<Record<string, HostArray>>,
  seconds: number,
): void {
  const sum = parts.get(part) ?? { seconds: 0, runs: 0, rows: 0 };
  const rows = feeds[counted]?.shape[0] ?? 0;
  parts.set(part, { seconds: sum.seconds + seconds, runs: sum.runs + 1, rows: sum.rows + rows });
  if (part === "pixels") latents.push((feeds.tokens.data as Float32Array).slice());
}
