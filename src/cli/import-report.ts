import { some } from "../import/model-card.ts";
import type { ImportReport } from "../import/plan.ts";
import { partRow, showTask, table } from "./tables.ts";

/** What an import did, for people. Names come from files, so nothing of them reaches the terminal as a control sequence. */
export function showImport(report: ImportReport, folder: string): string {
  const { parts, tasks, missing, unknown, leftOut, assumed } = report;
  const rows = parts.map((part) => [...partRow(part), part.files.join(", ")]);
  const lines = [
    `Imported ${report.from} into ${folder}`,
    "",
    ...table([["part", "tensors", "parameters", "size", "types", "from"], ...rows]),
    "",
    ...tasks.map(showTask),
    ...missing.map(({ part, names }) => `missing, ${part}: ${names.length} tensors: ${some(names, 3)}`),
    ...unknown.map(({ file, names }) => `not known, in ${file}: ${names.length} tensors: ${some(names, 3)}`),
    ...leftOut.map(({ what, why }) => `left out: ${what} (${why})`),
    ...assumed.map((what) => `as in the official model, in no file: ${what}`),
  ];
  return lines.map((line) => line.replace(/\p{Cc}+/gu, " ")).join("\n");
}
