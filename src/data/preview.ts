/** A sheet of examples to look at before training on them. */
import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import { UserError } from "../errors.ts";
import { pictureCanvas, wrapText } from "../image/canvas.ts";
import { Random } from "../random.ts";
import { type CaptionOptions, caption } from "./captions.ts";
import { drawScene } from "./draw.ts";
import { EDIT_TYPES, type EditOptions, planEdit } from "./edits/index.ts";
import { type PlanOptions, planScene } from "./planning.ts";
import { askQuestion, type QuestionOptions } from "./questions.ts";
import { type Scene, TASKS } from "./scene.ts";

export interface SheetOptions {
  /** Side of each picture as a model would see it; 64 otherwise. */
  size?: number;
  scenes?: PlanOptions;
  captions?: CaptionOptions;
  edits?: EditOptions;
  /** Of which kinds; all but descriptions and backgrounds otherwise. */
  questions?: QuestionOptions;
  /** How many edits to show; half as many as scenes otherwise. */
  editCount?: number;
}

const QUESTIONS: QuestionOptions = { kinds: ["what", "where", "how many", "color", "is there", "relation"] };
const MOST_EXAMPLES = 400;
/** Everything is shown at this height, whatever the pictures' own size. */
const SHOWN = 160;
const PADDING = 10;
const LINE = 15;
const FONT = "12px sans-serif";
const SHEET_WIDTH = 1400;

/** One example: pictures side by side, with text below. */
interface Cell {
  pictures: Scene[];
  title: string;
  lines: string[];
}

/**
 * Draws scenes with their captions and a question each, and edits with source and target, as a PNG.
 *
 * @param count how many scenes to show, 1 to 400
 * @returns the bytes of a PNG file, 1400 pixels wide
 */
export async function contactSheet(seed: number, count: number, options: SheetOptions = {}): Promise<Uint8Array> {
  if (!Number.isInteger(count) || count < 1 || count > MOST_EXAMPLES) {
    throw new UserError(`A contact sheet shows from 1 to ${MOST_EXAMPLES} scenes, not ${count}.`);
  }
  const random = new Random(seed);
  const sceneCells = Array.from({ length: count }, (_, index) => sceneCell(random, index, options));
  const edits = options.editCount ?? Math.ceil(count / 2);
  const editCells = Array.from({ length: edits }, (_, index) => editCell(random, index, options));

  const ruler = createCanvas(1, 1).getContext("2d");
  ruler.font = FONT;
  const blocks = [layOut(ruler, sceneCells, SHOWN), layOut(ruler, editCells, 2 * SHOWN + PADDING / 2)];
  const height = PADDING + blocks.reduce((sum, block) => sum + block.height, 0);
  const sheet = createCanvas(SHEET_WIDTH, height);
  const context = sheet.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, SHEET_WIDTH, height);
  let top = PADDING;
  for (const block of blocks) {
    for (const placed of block.cells) paintCell(context, placed, top, options.size ?? 64);
    top += block.height;
  }
  return sheet.encode("png");
}

function sceneCell(
  random: Random,
  index: number,
  { scenes = {}, captions, questions = QUESTIONS }: SheetOptions,
): Cell {
  const tasks = scenes.tasks ?? TASKS;
  const scene = planScene(random, { ...scenes, tasks: [tasks[index % tasks.length]] });
  const { question, answer } = askQuestion(random, scene, questions);
  return { pictures: [scene], title: scene.task, lines: [caption(random, scene, captions), `${question} - ${answer}`] };
}

function editCell(random: Random, index: number, { scenes, edits }: SheetOptions): Cell {
  const types = edits?.types ?? EDIT_TYPES;
  const { tasks: _, ...allowed } = scenes ?? {};
  const edit = planEdit(random, { ...allowed, ...edits, types: [types[index % types.length]] });
  return { pictures: [edit.source, edit.target], title: `edit: ${edit.type}`, lines: [edit.instruction] };
}

interface PlacedCell extends Cell {
  left: number;
  top: number;
  wrapped: string[];
}

/** Puts cells of one width in rows, each row as high as its longest text needs. */
function layOut(ruler: SKRSContext2D, cells: readonly Cell[], width: number) {
  const perRow = Math.floor((SHEET_WIDTH - PADDING) / (width + PADDING));
  const placed: PlacedCell[] = [];
  let top = 0;
  for (let start = 0; start < cells.length; start += perRow) {
    const row = cells.slice(start, start + perRow).map((cell, column) => {
      const wrapped = cell.lines.flatMap((line) => wrapText(ruler, line, width));
      return { ...cell, wrapped, top, left: PADDING + column * (width + PADDING) };
    });
    placed.push(...row);
    const lines = Math.max(...row.map((cell) => cell.wrapped.length));
    top += SHOWN + LINE * (lines + 1) + 2 * PADDING;
  }
  return { cells: placed, height: top };
}

function paintCell(context: SKRSContext2D, cell: PlacedCell, offset: number, size: number): void {
  const top = cell.top + offset;
  cell.pictures.forEach((scene, index) => {
    const left = cell.left + index * (SHOWN + PADDING / 2);
    // Smooth enlarging would show the pictures better than a model sees them.
    context.imageSmoothingEnabled = size > SHOWN;
    context.drawImage(
      pictureCanvas({ width: size, height: size, data: drawScene(scene, size) }),
      left,
      top,
      SHOWN,
      SHOWN,
    );
  });
  context.font = FONT;
  context.fillStyle = "#888888";
  context.fillText(cell.title, cell.left, top + SHOWN + LINE);
  context.fillStyle = "#000000";
  cell.wrapped.forEach((line, index) => {
    context.fillText(line, cell.left, top + SHOWN + LINE * (index + 2));
  });
}
