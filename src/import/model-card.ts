import type { ImportReport } from "./plan.ts";

const NAMED = 8;

/** The model card of an imported model: where it comes from, and what was done with what was there. */
export function importCard(report: ImportReport, source: string): string {
  const rows = report.parts.map(
    ({ part, tensors, parameters, dtypes, files }) =>
      `| ${part} | ${tensors} | ${parameters.toLocaleString("en")} | ${dtypes.join(", ")} | ${files.join(", ")} |`,
  );
  const tasks = report.tasks.map(({ task, by, missing }) => {
    if (missing.length > 0) return `* ${task}: no, ${missing.length} weights are missing`;
    return `* ${task}: yes${by ? `, pictures are seen by ${by}` : ""}`;
  });
  return [
    `# ${source}, imported`,
    "",
    `Made from the official files in ${source}. Their licence goes on to hold for these weights.`,
    "",
    "| part | tensors | parameters | types | from |",
    "|---|---|---|---|---|",
    ...rows,
    "",
    ...tasks,
    ...section(
      "Missing",
      report.missing.map(({ part, names }) => `${part}: ${some(names)}`),
    ),
    ...section(
      "Not known, and left out",
      report.unknown.map(({ file, names }) => `${file}: ${some(names)}`),
    ),
    ...section(
      "Left out",
      report.leftOut.map(({ what, why }) => `${what}: ${why}`),
    ),
    ...section("In no file, and taken from the official model", report.assumed),
    "",
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `## ${title}`, "", ...lines.map((line) => `* ${line}`)];
}

/** The first few names, and how many more there are. */
export function some(names: readonly string[], most = NAMED): string {
  const more = names.length - most;
  return names.slice(0, most).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
