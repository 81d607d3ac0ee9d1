/** What `generate` and `edit` share: their options, and drawing with progress into files. */
import type { Command } from "commander";
import type { Picture } from "../image/picture.ts";
import type { DrawOptions, DrawProgress } from "../pipeline/options.ts";
import type { UniPic } from "../pipeline/unipic.ts";
import { interruptible } from "./interruptible.ts";
import { addModelOptions, type ModelOptions, modelFolderOf, withModel } from "./model-options.ts";
import { checkWritable, numberedFiles } from "./output-files.ts";
import { addPreviewOptions, type PreviewOptions, previewFiles, type ShowPictures } from "./preview-files.ts";
import { bar, ProgressLine, showLeft } from "./progress-line.ts";
import { provenanceEntries } from "./provenance.ts";
import { addSamplingOptions, type SamplingOptions, samplingOf } from "./sampling-options.ts";
import { numberFor, wholeNumberFor } from "./values.ts";

export interface DrawingOptions extends ModelOptions, PreviewOptions, SamplingOptions {
  output?: string;
  seed: number;
  count: number;
  temperature?: number;
  json?: boolean;
  progress?: boolean;
  metadata: boolean;
}

/** Adds the options of a command that draws; `output` is what its default is called in the help. */
export function addDrawingOptions(command: Command, output: string): Command {
  const drawing = addModelOptions(command)
    .option("--output <file>", `picture to write, .png, .jpg or .webp; replaces one already there (default: ${output})`)
    .option("--seed <n>", "same seed, same picture; picture i of several has seed + i - 1", wholeNumberFor("--seed"), 0)
    .option(
      "--count <n>",
      "different pictures to draw; with more than one, files are numbered: car.png becomes car-1.png, car-2.png, ...",
      wholeNumberFor("--count", 1),
      1,
    )
    .option("--temperature <x>", "how varied pictures are (default: 1)", numberFor("--temperature"))
    .option("--no-metadata", "leave prompt, seed, model and settings out of the PNG file")
    .option("--json", "print one JSON object about what was written")
    .option("--progress", "show progress even where stderr is no terminal");
  return addPreviewOptions(addSamplingOptions(drawing));
}

/** One request to draw. */
export interface DrawingTask {
  options: DrawingOptions;
  /** The file to write where no option names one. */
  output: string;
  /** The words that are followed: the prompt, or the instruction. */
  words: string;
  /** Width and height of the pictures for a model. */
  size: (model: UniPic) => readonly [width: number, height: number];
  draw: (model: UniPic, options: DrawOptions & { count: number }) => Promise<Picture[]>;
  /** The options with those that the model has for such a task where none are given; none of its own where this is left out. */
  complete?: (model: UniPic, options: DrawOptions) => DrawOptions;
  /** Settings of this command alone that are not as usual. */
  settings?: Record<string, unknown>;
  /** More to say in the JSON object. */
  about: Record<string, unknown>;
}

interface Drawn {
  pictures: Picture[];
  settings: Record<string, unknown>;
}

/** Draws, writes the pictures and says on stdout what was written. Nothing is written before everything is drawn. */
export async function drawIntoFiles(task: DrawingTask): Promise<void> {
  const { options } = task;
  const { pictureCount } = await import("../pipeline/options.ts");
  const files = numberedFiles(task.output, pictureCount(options.count));
  for (const file of files) await checkWritable(file);
  const showPreview = await previewFiles(options, files.length);
  const folder = await modelFolderOf(options);
  await interruptible("Stopped; no picture was written.", async (signal) => {
    const drawn = await withModel(folder, options, (model) => draw(task, model, signal, showPreview));
    // A signal is only seen between two pieces of work; this lets one that came during the last of them be seen.
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    await writeAll(task, files, drawn, folder);
  });
}

async function draw(
  task: DrawingTask,
  model: UniPic,
  signal: AbortSignal,
  onPreview: ShowPictures | undefined,
): Promise<Drawn> {
  const { drawing, gridOf } = await import("../pipeline/options.ts");
  const { seed, count, temperature, device, threads, progress, previewEvery } = task.options;
  const chosen = { seed, temperature, ...samplingOf(task.options) };
  const { mar } = model.config;
  const size = task.size(model);
  const settings = drawing(task.complete?.(model, chosen) ?? chosen, mar, gridOf(size, mar));
  const line = new ProgressLine(progress ?? process.stderr.isTTY ?? false);
  const onProgress = (state: DrawProgress) => line.show(showProgress(state));
  try {
    const watching = { signal, onProgress, onPreview, previewEvery };
    const pictures = await task.draw(model, { ...chosen, ...watching, count });
    await onPreview?.({ pictures, first: 0 });
    // A respacing is kept as text because it may be a list; a plain number of steps is a number to whoever reads it.
    const denoising = (typeof settings.steps === "string" && Number(settings.steps)) || settings.steps;
    return { pictures, settings: { ...settings, ...task.settings, steps: denoising, size, count, device, threads } };
  } finally {
    line.clear();
  }
}

async function writeAll(task: DrawingTask, files: readonly string[], drawn: Drawn, model: string): Promise<void> {
  const { words: prompt, options, about } = task;
  const { seed, json, metadata } = options;
  const { settings } = drawn;
  const { writePicture } = await import("../image/codec.ts");
  for (const [i, picture] of drawn.pictures.entries()) {
    const entries = metadata ? provenanceEntries({ words: prompt, seed: seed + i, model, settings }) : undefined;
    await writePicture(files[i], picture, entries);
    if (json) continue;
    console.log(`Wrote ${files[i]}: ${picture.width}x${picture.height} pixels, seed ${seed + i}, ${seconds()} s`);
  }
  if (!json) return;
  console.log(JSON.stringify({ files, seed, prompt, model, seconds: seconds(), settings, ...about }));
}

/** Seconds since the command was started. */
const seconds = (): number => Number((performance.now() / 1000).toFixed(2));

/** Where a drawing stands, on one line. */
export function showProgress({ done, round, rounds, secondsLeft }: DrawProgress): string {
  const percent = `${Math.round(done * 100)}%`.padStart(4);
  return `drawing ${bar(done)}${percent}  round ${Math.min(round + 1, rounds)} of ${rounds}${showLeft(secondsLeft)}`;
}
