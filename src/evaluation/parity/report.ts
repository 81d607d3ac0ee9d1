import type { CaseResult } from "./parity.ts";

const widths = [26, 58, 11, 22] as const;

/** The report's first line. */
export function reportHeader(): string {
  return line(["case", "output", "max error", "atol"], "pass");
}

/** One line for every output of a case. */
export function reportCase({ name, outputs }: CaseResult): string {
  return outputs
    .map(({ output, maxError, tolerance, pass, note }) => {
      const error = Number.isNaN(maxError) ? "-" : maxError === 0 ? "0" : maxError.toExponential(2);
      return line([name, output, error, tolerance], pass ? "yes" : `NO: ${note}`);
    })
    .join("\n");
}

/** The last line: how many cases passed and how many did not. */
export function reportSummary(results: readonly CaseResult[]): string {
  const passed = results.filter(({ pass }) => pass).length;
  return `${passed} passed, ${results.length - passed} failed`;
}

function line(cells: readonly string[], last: string): string {
  return [...cells.map((cell, i) => cell.padEnd(widths[i])), last].join(" ");
}
