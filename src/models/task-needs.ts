import { nativeSide, type UniPicConfig } from "./config.ts";
import type { Grid } from "./position-table.ts";
import { type Traced, traceDenoise, traceEncode, tracePixels, traceRead, traceRound, traceSee } from "./programs.ts";
import { type Sight, sightOf } from "./sight.ts";

/** What can be asked of a model, and what a checkpoint lacks for it. */
export interface TaskState {
  task: "generate" | "edit" | "describe";
  /** How pictures are seen, where they are. */
  by?: Sight;
  /** Names of the weights that are missing or have another shape; the task can be done when there are none. */
  missing: string[];
}

/** Compares the weights that each task's programs ask for with those that are there. */
export function taskStates(
  config: UniPicConfig,
  shapes: ReadonlyMap<string, readonly number[]>,
): [generate: TaskState, edit: TaskState, describe: TaskState] {
  const side = nativeSide(config.mar);
  const grid: Grid = [side, side];
  const drawing = [traceDenoise(config), tracePixels(config, grid, 1)];
  const reading = traceRead(config, { cached: false, pictures: true });
  const sight = sightOf((name) => shapes.has(name));
  const looking = sight === "SigLIP2" ? traceSee(config) : traceEncode(config, grid, 1);
  const missing = (...programs: Traced[]) => lacking(programs, shapes);
  return [
    {
      task: "generate",
      missing: missing(reading, traceRound(config, grid, { editing: false }), ...drawing),
    },
    {
      task: "edit",
      by: "the MAR encoder",
      missing: missing(traceEncode(config, grid, 1), reading, traceRound(config, grid, { editing: true }), ...drawing),
    },
    { task: "describe", by: sight, missing: missing(looking, reading) },
  ];
}

function lacking(programs: readonly Traced[], shapes: ReadonlyMap<string, readonly number[]>): string[] {
  const names = new Set<string>();
  for (const { parameters } of programs) {
    for (const [name, { shape }] of parameters) if (shapes.get(name)?.join() !== shape.join()) names.add(name);
  }
  return [...names].sort();
}
