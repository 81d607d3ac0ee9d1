import type { BenchmarkResult } from "./benchmark.ts";
import { showPercent, showProportion } from "./proportion.ts";
import { ceilingTable, textTable } from "./tables.ts";

/** The benchmark's result as text: scores with their 95 % intervals beside the reader's ceilings, then the reader itself. */
export function formatReport({ ceilingsOf, scores, reader }: BenchmarkResult): string {
  const header = ["test", "right", "score (95 % interval)", "of", ...ceilingsOf.map((of) => `ceiling, ${of}`)];
  const rows = scores.map(({ test, right, value, ceilings }) => [
    test,
    right,
    showProportion(value),
    String(value.trials),
    ...ceilingsOf.map((_, i) => (ceilings[i] === undefined ? "-" : showPercent(ceilings[i]))),
  ]);
  return [
    textTable(header, rows),
    "",
    "A ceiling is the score of pictures that are right: clean renders, then those through the autoencoder, with ever more noise.",
    "The reader on such pictures for all prompts, and for prompts with one part wrong:",
    "",
    ceilingTable(reader, textTable),
  ].join("\n");
}
