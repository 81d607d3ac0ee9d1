/** Pictures shown in a file while they are drawn. */
import type { Command } from "commander";
import type { DrawPreview } from "../pipeline/options.ts";
import { checkWritable, numberedFiles } from "./output-files.ts";
import { wholeNumberFor } from "./values.ts";

export interface PreviewOptions {
  preview?: string;
  previewEvery?: number;
}

/** Shows pictures, the first of which is number `first` of all, from 0. */
export type ShowPictures = (seen: Pick<DrawPreview, "pictures" | "first">) => Promise<void>;

export function addPreviewOptions(command: Command): Command {
  return command
    .option("--preview <file>", "picture file that shows what is being drawn, written anew between rounds")
    .option(
      "--preview-every <n>",
      "rounds from one preview to the next (default: 1); each takes the time of decoding a picture",
      wholeNumberFor("--preview-every", 1),
    );
}

/**
 * Writes previews, and pictures that are done, to the file that the options name; to numbered ones for a `count` above 1. Each is written
 * whole. Undefined where no file is named.
 *
 * @throws UserError when the file cannot be written
 */
export async function previewFiles({ preview }: PreviewOptions, count: number): Promise<ShowPictures | undefined> {
  if (preview === undefined) return undefined;
  const files = numberedFiles(preview, count);
  for (const file of files) await checkWritable(file);
  const { writePicture } = await import("../image/codec.ts");
  return async ({ pictures, first }) => {
    for (const [i, picture] of pictures.entries()) await writePicture(files[first + i], picture);
  };
}
