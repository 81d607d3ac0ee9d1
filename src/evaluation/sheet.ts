import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import { UserError } from "../errors.ts";
import { pictureCanvas, wrapText } from "../image/canvas.ts";
import type { Exhibit } from "./suites/suite.ts";

const SHEET_WIDTH = 1400;
/** Side at which every picture is shown. */
const SHOWN = 128;
const PADDING = 8;
/** Width of the green or red frame around what was drawn. */
const FRAME = 2;
const LINE = 14;
const FONT = "11px sans-serif";
const MOST_EXHIBITS = 500;
const MOST_LINES = 6;
const RIGHT_COLOR = "#1a7f37";
const WRONG_COLOR = "#cf222e";

/**
 * What was drawn, with what was asked and what was seen: in green where it is right and red where it is wrong, and framed so; without a
 * frame where nobody judged.
 *
 * @returns the bytes of a PNG file, 1400 pixels wide
 * @throws UserError when there is nothing to show; beyond 500 exhibits, evenly chosen ones are shown
 */
export async function exhibitSheet(all: readonly Exhibit[]): Promise<Uint8Array> {
  if (all.length === 0) throw new UserError("There is nothing to put on a sheet: give it at least one picture.");
  const step = Math.max(1, all.length / MOST_EXHIBITS);
  const shown = Array.from({ length: Math.min(all.length, MOST_EXHIBITS) }, (_, i) => all[Math.floor(i * step)]);
  const ruler = createCanvas(1, 1).getContext("2d");
  ruler.font = FONT;
  const rows = inRows(ruler, shown);
  const height = PADDING + rows.reduce((sum, row) => sum + row.height, 0);
  const sheet = createCanvas(SHEET_WIDTH, height);
  const context = sheet.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, SHEET_WIDTH, height);
  context.font = FONT;
  let top = PADDING;
  for (const row of rows) {
    for (const cell of row.cells) paint(context, cell, top);
    top += row.height;
  }
  return sheet.encode("png");
}

interface Cell {
  exhibit: Exhibit;
  left: number;
  task: string[];
  outcome: string[];
}

const widthOf = ({ pictures }: Exhibit): number => pictures.length * (SHOWN + PADDING) - PADDING;

/** As many exhibits in a row as fit; pairs do not share one with single pictures. */
function inRows(ruler: SKRSContext2D, exhibits: readonly Exhibit[]): { cells: Cell[]; height: number }[] {
  const rows: Cell[][] = [];
  let left = PADDING;
  exhibits.forEach((exhibit, i) => {
    const width = widthOf(exhibit);
    const startsKind = exhibits[i - 1]?.pictures.length !== exhibit.pictures.length;
    if (startsKind || left + width + PADDING > SHEET_WIDTH) {
      rows.push([]);
      left = PADDING;
    }
    const [task, outcome] = [exhibit.task, exhibit.outcome].map((text) => wrap(ruler, text, width));
    rows[rows.length - 1].push({ exhibit, left, task, outcome });
    left += width + PADDING;
  });
  return rows.map((cells) => {
    const lines = Math.max(...cells.map(({ task, outcome }) => task.length + outcome.length));
    return { cells, height: SHOWN + LINE * lines + 2 * PADDING };
  });
}

/** A text in lines of a width; a model that babbles is cut short. */
function wrap(ruler: SKRSContext2D, text: string, width: number): string[] {
  const lines = wrapText(ruler, text, width);
  return lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES - 1), "..."] : lines;
}

function paint(context: SKRSContext2D, { exhibit, left, task, outcome }: Cell, top: number): void {
  exhibit.pictures.forEach((picture, i) => {
    // Smooth enlarging would show small pictures better than they are.
    context.imageSmoothingEnabled = picture.width > SHOWN;
    context.drawImage(pictureCanvas(picture), left + i * (SHOWN + PADDING), top, SHOWN, SHOWN);
  });
  const mark = exhibit.isRight === false ? WRONG_COLOR : RIGHT_COLOR;
  if (exhibit.isRight !== undefined) {
    context.strokeStyle = mark;
    context.lineWidth = FRAME;
    context.strokeRect(left - FRAME / 2, top - FRAME / 2, widthOf(exhibit) + FRAME, SHOWN + FRAME);
  }
  let baseline = top + SHOWN;
  for (const [lines, color] of [
    [task, "#000000"],
    [outcome, mark],
  ] as const) {
    context.fillStyle = color;
    for (const line of lines) {
      baseline += LINE;
      // A word that is too long by itself is squeezed.
      context.fillText(line, left, baseline, widthOf(exhibit));
    }
  }
}
