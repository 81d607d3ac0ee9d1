import { ABILITIES, type Ability, type QuickScores } from "./quick-scores.ts";

/** A measurement of a run: a line of `scores.jsonl`. */
export interface ScoreLine extends QuickScores {
  /** Optimizer steps and samples in all stages so far. */
  step: number;
  samples: number;
  /** Index of the stage in the configuration, and its name. */
  stage: number;
  stageName: string;
  /** Samples seen when it began. */
  stageStart: number;
}

/** Colours that people who see few colours can tell apart (Okabe and Ito). */
const COLORS: Readonly<Record<Ability, string>> = {
  generation: "#0072b2",
  understanding: "#d55e00",
  editing: "#009e73",
};

const WIDTH = 900;
const HEIGHT = 480;
/** Where the axes lie: room for the title and the stages' names above, for labels of lines at the right. */
const AXES = { left: 64, right: 730, top: 108, bottom: 420 };
/** Where the stages' names stand. */
const NAME_ROWS = [AXES.top - 9, AXES.top - 27];
const FONT = 13;
/** About how wide a letter is. */
const LETTER = 0.56 * FONT;
/** Least distance between the labels of two lines. */
const LABEL_GAP = 18;

/** A run's scores over the samples seen, as an SVG picture: three lines with their 95 % intervals, the stages marked and named. */
export function scorePlot(lines: readonly ScoreLine[]): string {
  const most = Math.max(1, ...lines.map(({ samples }) => samples));
  const x = (samples: number) => AXES.left + (samples / most) * (AXES.right - AXES.left);
  const y = (score: number) => AXES.bottom - score * (AXES.bottom - AXES.top);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" ` +
      `font-family="Helvetica, Arial, DejaVu Sans, sans-serif" font-size="${FONT}" fill="#333">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(AXES.left, 28, "Scores over time", `font-size="18" font-weight="bold" fill="#111"`),
    text(AXES.left, 48, "share of quick tasks that come out right; shaded: 95 % interval", `fill="#666"`),
    ...stages(lines, most, x),
    ...axes(most, x, y),
    ...ABILITIES.map((ability) => band(lines, ability, x, y)),
    ...ABILITIES.map((ability) => line(lines, ability, x, y)),
    ...labels(lines, y),
    "</svg>\n",
  ].join("\n");
}

type Place = (value: number) => number;

/** Every other stage on a ground of its own, its name above. */
function stages(lines: readonly ScoreLine[], most: number, x: Place): string[] {
  const starts = lines.filter(({ stage }, i) => lines.findIndex((each) => each.stage === stage) === i);
  const rows = NAME_ROWS.map((at) => ({ at, end: 0 }));
  return starts.flatMap(({ stageName, stageStart }, i) => {
    const from = x(i === 0 ? 0 : Math.min(stageStart, most));
    const to = x(starts[i + 1]?.stageStart ?? most);
    const ground = i % 2 === 0 ? "#f4f5f7" : "#fff";
    const name = named(stageName, from, to, rows);
    const mark = `x1="${from.toFixed(1)}" x2="${from.toFixed(1)}" y1="${AXES.top}" y2="${AXES.bottom}" stroke="#999"`;
    return [
      rectangle(from, to, ground),
      ...(i === 0 ? [] : [`<line ${mark} stroke-dasharray="4 4"/>`]),
      text((from + to) / 2, name.at, name.shown, `text-anchor="middle"`, stageName),
    ];
  });
}

const rectangle = (from: number, to: number, fill: string): string =>
  `<rect x="${from.toFixed(1)}" y="${AXES.top}" width="${Math.max(0, to - from).toFixed(1)}" ` +
  `height="${AXES.bottom - AXES.top}" fill="${fill}"/>`;

/** Where a name stands above its stage: in the first row in which it covers none before it, else as much of it as the stage is wide. */
function named(name: string, from: number, to: number, rows: { at: number; end: number }[]) {
  const [middle, half] = [(from + to) / 2, (name.length * LETTER) / 2];
  const row = rows.find(({ end }) => middle - half > end);
  if (row) {
    row.end = middle + half + LETTER;
    return { at: row.at, shown: name };
  }
  const letters = Math.floor((to - from) / LETTER);
  return { at: rows[0].at, shown: letters < 3 ? "" : `${name.slice(0, letters - 1)}…` };
}

function axes(most: number, x: Place, y: Place): string[] {
  const { left, right, top, bottom } = AXES;
  const shares = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const step = roundStep(most / 6);
  const counts = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  return [
    ...shares.map((share) => `<path d="M${left} ${y(share)}H${right}" stroke="#ddd" fill="none"/>`),
    ...shares.map((share) => text(left - 8, y(share) + 4, `${100 * share} %`, `text-anchor="end"`)),
    `<path d="M${left} ${top}V${bottom}H${right}" stroke="#333" fill="none"/>`,
    ...counts.map((count) => `<path d="M${x(count).toFixed(1)} ${bottom}v5" stroke="#333"/>`),
    ...counts.map((count) => text(x(count), bottom + 20, shortCount(count), `text-anchor="middle"`)),
    text((left + right) / 2, bottom + 44, "samples seen", `text-anchor="middle"`),
  ];
}

/** The least of 1, 2 and 5 times a power of ten that is no less. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least)!;
}

/** 500, 20 k, 1.5 M. */
function shortCount(count: number): string {
  const [unit, sign] = count >= 1e6 ? [1e6, " M"] : count >= 1e4 ? [1e3, " k"] : [1, ""];
  return `${Number((count / unit).toFixed(2))}${sign}`;
}

function band(lines: readonly ScoreLine[], ability: Ability, x: Place, y: Place): string {
  const edge = (bound: "low" | "high") => lines.map((each) => point(x(each.samples), y(each[ability][bound])));
  const outline = [...edge("high"), ...edge("low").reverse()].join(" ");
  return `<polygon points="${outline}" fill="${COLORS[ability]}" fill-opacity="0.1"/>`;
}

function line(lines: readonly ScoreLine[], ability: Ability, x: Place, y: Place): string {
  const points = lines.map((each) => [x(each.samples), y(each[ability].mean)] as const);
  const dots = points.map(([across, down]) => `<circle cx="${across.toFixed(1)}" cy="${down.toFixed(1)}" r="3"/>`);
  const path = `<polyline points="${points.map(([a, b]) => point(a, b)).join(" ")}" fill="none" stroke-width="2"/>`;
  return `<g stroke="${COLORS[ability]}" fill="${COLORS[ability]}">${path}${dots.join("")}</g>`;
}

const point = (x: number, y: number): string => `${x.toFixed(1)},${y.toFixed(1)}`;

/** The lines' names and last scores at their right ends, moved apart where they would cover each other. */
function labels(lines: readonly ScoreLine[], y: Place): string[] {
  const last = lines.at(-1);
  if (!last) return [];
  const ends = ABILITIES.map((ability) => ({ ability, at: y(last[ability].mean) })).sort((a, b) => a.at - b.at);
  for (let i = 1; i < ends.length; i++) ends[i].at = Math.max(ends[i].at, ends[i - 1].at + LABEL_GAP);
  ends[ends.length - 1].at = Math.min(ends[ends.length - 1].at, AXES.bottom);
  for (let i = ends.length - 2; i >= 0; i--) ends[i].at = Math.min(ends[i].at, ends[i + 1].at - LABEL_GAP);
  return ends.map(({ ability, at }) => {
    const said = `${ability} ${Math.round(100 * last[ability].mean)} %`;
    return text(AXES.right + 12, at + 4, said, `fill="${COLORS[ability]}" font-weight="bold"`);
  });
}

function text(x: number, y: number, words: string, attributes: string, tip?: string): string {
  const title = tip === undefined ? "" : `<title>${escaped(tip)}</title>`;
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${title}${escaped(words)}</text>`;
}

const escaped = (words: string): string =>
  words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
