import { nativeSide, type UniPicConfig } from "./config.ts";
import { editPrograms, layoutPrograms, traceDecoder, traceEncoder, traceTables } from "./drawing-programs.ts";
import { traceEmbed, traceLanguage, traceLogits } from "./language-programs.ts";
import type { Grid } from "./position-table.ts";
import { type Traced, traceDenoise, traceLatents, tracePixels, traceSee } from "./programs.ts";
import { type Sight, sightOf } from "./sight.ts";

/** What can be asked of a model, and what a checkpoint lacks for it. */
export interface TaskState {
  task: "generate" | "edit" | "describe";
  /** How pictures are seen, where they are. */
  by?: Sight | `${Sight} and ${Sight}`;
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
  const reading = [traceEmbed(config, true), traceLanguage(config)];
  const encoding = [traceTables(config, grid), traceEncoder(config)];
  const drawing = [...reading, ...encoding, traceDecoder(config), traceDenoise(config), tracePixels(config, grid, 1)];
  const sight = sightOf((name) => shapes.has(name));
  const looking = sight === "SigLIP2" ? [traceSee(config)] : [traceLatents(config, grid, 1), ...encoding];
  const seeingSource = config.editing_vision || config.changes ? [traceSee(config)] : [];
  const missing = (programs: readonly Traced[]) => lacking(programs, shapes);
  return [
    { task: "generate", missing: missing([...drawing, ...layoutPrograms(config, grid)]) },
    {
      task: "edit",
      by: config.editing_vision ? "the MAR encoder and SigLIP2" : "the MAR encoder",
      missing: missing([traceLatents(config, grid, 1), ...editPrograms(config, grid), ...seeingSource, ...drawing]),
    },
    {
      task: "describe",
      by: sight,
      missing: missing([...looking, ...reading, traceLogits(config)]),
    },
  ];
}

function lacking(programs: readonly Traced[], shapes: ReadonlyMap<string, readonly number[]>): string[] {
  const names = new Set<string>();
  for (const { parameters } of programs) {
    for (const [name, { shape }] of parameters) if (shapes.get(name)?.join() !== shape.join()) names.add(name);
  }
  return [...names].sort();
}
