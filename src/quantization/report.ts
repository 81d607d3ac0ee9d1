import { PARTS, type PartKey } from "../models/parts.ts";
import type { StageError } from "./measure.ts";
import { type PlannedWeight, REASONS, type Reason } from "./plan.ts";
import type { PartPrecisions } from "./precision.ts";

/** What became of one part. */
export interface PartReport {
  part: PartKey;
  /** What was asked for; `as stored` where nothing was. */
  precision: string;
  /** Bytes of its weights. */
  before: number;
  after: number;
  weights: number;
  quantized: number;
  /** Weights of a quantised part that keep their type, and why. */
  kept: { reason: Reason; why: string; bytes: number; names: string[] }[];
  /** Relative errors of its results; empty where nothing changed or was measured. */
  errors: Omit<StageError, "part">[];
}

export interface QuantizationReport {
  before: number;
  after: number;
  parts: PartReport[];
}

export function reportOf(
  plan: readonly PlannedWeight[],
  precisions: PartPrecisions,
  errors: readonly StageError[],
): QuantizationReport {
  const parts = PARTS.flatMap(({ key }) => {
    const own = plan.filter(({ part }) => part === key);
    if (own.length === 0) return [];
    return {
      part: key,
      precision: precisions[key] ?? "as stored",
      ...bytesOf(own),
      weights: own.length,
      quantized: own.filter(({ to }) => to === "int8" || to === "int4").length,
      kept: (Object.keys(REASONS) as Reason[]).flatMap((reason) => {
        const kept = own.filter((weight) => weight.kept === reason);
        const names = kept.map(({ name }) => name);
        return kept.length === 0 ? [] : { reason, why: REASONS[reason], bytes: bytesOf(kept).after, names };
      }),
      errors: errors.filter(({ part }) => part === key).map(({ stage, error }) => ({ stage, error })),
    };
  });
  return { ...bytesOf(plan), parts };
}

function bytesOf(weights: readonly PlannedWeight[]): { before: number; after: number } {
  const sum = (of: (weight: PlannedWeight) => number) => weights.reduce((total, weight) => total + of(weight), 0);
  return { before: sum(({ before }) => before), after: sum(({ after }) => after) };
}

const showSize = (bytes: number): string =>
  bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;

/** Relative errors as `1.2 %`; half precision's are far below a hundredth of one. */
export const showError = (error: number): string =>
  error === 0 ? "0" : error < 1e-4 ? error.toExponential(1) : `${(100 * error).toFixed(2)} %`;

/** The report's table: a row of headings, then a row a part. */
export function reportRows({ parts, before, after }: QuantizationReport): [header: string[], rows: string[][]] {
  const rows = parts.map((part) => [
    part.part,
    part.precision,
    `${part.quantized} of ${part.weights}`,
    showSize(part.before),
    showSize(part.after),
    part.errors.map(({ stage, error }) => `${stage} ${showError(error)}`).join(", ") || "-",
  ]);
  const all = ["all", "", "", showSize(before), showSize(after), ""];
  return [
    ["part", "precision", "quantised", "before", "after", "error of its results"],
    [...rows, all],
  ];
}

/** Names that a line has room for. */
const NAMED = 3;

/** One line for each part and reason. */
export const keptLines = ({ parts }: QuantizationReport): string[] =>
  parts.flatMap(({ part, kept }) =>
    kept.map(({ reason, why, bytes, names }) => {
      const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
      // The many biases and norms need no names.
      const named = reason === "vector" ? "" : `: ${names.slice(0, NAMED).join(", ")}${more}`;
      return `${part}: ${names.length} kept, ${showSize(bytes)} (${why})${named}`;
    }),
  );

/** A section of a model card. */
export function cardSection(source: string, report: QuantizationReport): string {
  const [header, rows] = reportRows(report);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const kept = keptLines(report);
  return [
    "## Precision",
    "",
    `The weights of \`${source}\` as \`unipic quantize\` stored them. Errors are relative, against fp32, on the same inputs.`,
    "",
    line(header),
    line(header.map(() => "---")),
    ...rows.map(line),
    "",
    ...(kept.length > 0 ? ["Kept as they were:", "", ...kept.map((text) => `* ${text}`), ""] : []),
  ].join("\n");
}
