/** How checkpoints are shown at the terminal. */
import type { PartSummary } from "../checkpoint/parts.ts";
import type { TaskState } from "../models/task-needs.ts";

/** The cells of a part: name, tensors, parameters, size, precision, types. */
export const partRow = ({ part, tensors, parameters, bytes, precision, dtypes }: PartSummary): string[] => [
  part,
  String(tensors),
  parameters.toLocaleString("en"),
  showBytes(bytes),
  precision,
  dtypes.join(", "),
];

const NAMED = 3;

/** What a checkpoint allows, or what it lacks. */
export function showTask({ task, by, missing }: TaskState): string {
  if (missing.length === 0) return `${task}: yes${by ? `, pictures are seen by ${by}` : ""}`;
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : "";
  return `${task}: no, weights are missing or misshapen: ${missing.slice(0, NAMED).join(", ")}${more}`;
}

/** A number of bytes as people say it: `6.1 GB`. */
export function showBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** Columns as wide as their longest cell; numbers to the right. */
export function table(rows: readonly string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        /^[\d,.]+( [kMGT]?B)?$/.test(cell) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join("  ")
      .trimEnd(),
  );
}
