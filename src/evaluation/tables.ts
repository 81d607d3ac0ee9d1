import type { Ceiling } from "./ceiling.ts";
import { showPercent } from "./proportion.ts";

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

/** What the reader makes of pictures that are right, and how often it lets a wrong prompt pass. */
export function ceilingTable(ceilings: readonly Ceiling[], write: TableWriter): string {
  const right = ceilings.map(({ of, scores: { object, color, background, together } }) => [
    of,
    ...[object, color, background, together].map(showPercent),
  ]);
  const wrong = ceilings.map(({ of, falsePasses: { object, color, background } }) => [
    of,
    ...[object, color, background].map(showPercent),
  ]);
  return [
    write(["read right", "object", "color", "background", "object and color"], right),
    write(["passes though wrong", "another object", "another color", "another background"], wrong),
  ].join("\n\n");
}
