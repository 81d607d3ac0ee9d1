import { type Estimate, showEstimate, showPercent } from "./estimate.ts";
import type { Score, SuiteResult } from "./suites/suite.ts";

/** Writes a table: a row of headings, and rows of as many cells. */
export type TableWriter = (header: readonly string[], rows: readonly (readonly string[])[]) => string;

/** Columns lined up with spaces, for a terminal. */
export const textTable: TableWriter = (header, rows) => {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd();
  return [line(header), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
};

export const markdownTable: TableWriter = (header, rows) => {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
};

/** A suite's result as text: scores with their 95 % intervals beside the reader's ceilings and blind guesses, the overall score last. */
export function formatResult(result: SuiteResult, write: TableWriter = textTable): string {
  const { suite, seed, tasks, ceilingsOf, scores, overall } = result;
  const all = [...scores, overall];
  const hasBlind = all.some(({ blind }) => blind !== undefined);
  const header = [
    "test",
    "right",
    "score (95 % interval)",
    "of",
    ...ceilingsOf.map((of) => `ceiling, ${of}`),
    ...(hasBlind ? ["best blind guess"] : []),
  ];
  const rows = all.map(({ test, right, kind, value, ceilings, blind }, i) => [
    // Lines about one test stand together, and its name before the first of them.
    test === all[i - 1]?.test ? "" : test,
    right,
    showValue(value, kind),
    String(value.trials),
    ...ceilingsOf.map((_, at) => (ceilings[at] === undefined ? "-" : showShort(ceilings[at], kind))),
    ...(hasBlind ? [blind === undefined ? "-" : `${(100 * blind).toFixed(1)} %`] : []),
  ]);
  return `${suite}, ${tasks} tasks, seed ${seed}\n\n${write(header, rows)}`;
}

function showValue(value: Estimate, kind: Score["kind"]): string {
  if (kind === "share" || value.trials === 0) return showEstimate(value);
  return `${value.mean.toFixed(3)} (${value.low.toFixed(3)} to ${value.high.toFixed(3)})`;
}

const showShort = (value: Estimate, kind: Score["kind"]): string =>
  kind === "share" || value.trials === 0 ? showPercent(value) : value.mean.toFixed(3);
