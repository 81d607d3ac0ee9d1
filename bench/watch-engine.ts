import type { Engine } from "../src/runtime/engine.ts";
import type { Value } from "../src/runtime/values.ts";
import type { HostArray } from "../src/tensor/index.ts";

/** What a model's programs did while they were watched. */
export interface Watch {
  /** Seconds and runs of each part of drawing. */
  parts: Map<Part, { seconds: number; runs: number }>;
  /** The latent tokens of every picture that was decoded, in order: [places x token] each. */
  latents: Float32Array[];
}

export const PARTS = ["prompt", "rounds", "head", "pixels"] as const;
export type Part = (typeof PARTS)[number];

/** What tells a program: an output that only it has. */
const PART_OF: Readonly<Record<string, Part | "language">> = {
  states: "language",
  encoded: "rounds",
  early: "rounds",
  condition: "rounds",
  next: "head",
  pixels: "pixels",
};

export const newWatch = (): Watch => ({ parts: new Map(), latents: [] });

/** An engine that writes down what its programs do: in `watch()`, which may be another one at every run. */
export function watchedEngine(engine: Engine, watch: () => Watch): Engine {
  return {
    async load(program, options) {
      const loaded = await engine.load(program, options);
      const part = program.outputs.map(({ name }) => PART_OF[name]).find((known) => known !== undefined);
      return {
        release: () => loaded.release(),
        async run(feeds, into) {
          const start = performance.now();
          const results = await loaded.run(feeds, into);
          const seconds = (performance.now() - start) / 1000;
          if (part) note(watch(), part === "language" ? languagePart(feeds) : part, feeds, seconds);
          return results;
        },
      };
    },
  };
}

/** The language model keeps what it reads of a prompt, and of a round's tokens nothing but one. */
const languagePart = ({ keep, embeddings }: Readonly<Record<string, Value>>): Part =>
  keep.shape[0] === embeddings.shape[1] ? "prompt" : "rounds";

function note({ parts, latents }: Watch, part: Part, feeds: Readonly<Record<string, Value>>, seconds: number): void {
  const sum = parts.get(part) ?? { seconds: 0, runs: 0 };
  parts.set(part, { seconds: sum.seconds + seconds, runs: sum.runs + 1 });
  if (part === "pixels") latents.push(((feeds.tokens as HostArray).data as Float32Array).slice());
}
