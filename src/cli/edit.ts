import { basename, extname } from "node:path";
import type { Command } from "commander";
import { addDrawingOptions, type DrawingOptions, drawIntoFiles } from "./drawing.ts";

const EXAMPLES = `
Examples:
  unipic edit car.png "change the color of the car to blue"
  unipic edit car.png "put the car on a beach" --count 3 --output beach.png`;

/** `unipic edit`: a picture and an instruction to pictures. */
export function registerEdit(program: Command): void {
  const command = program
    .command("edit")
    .description("Change a picture as an instruction says; it is cropped to a square and scaled to the model's size.")
    .argument("<picture>", "the picture to change: PNG, JPEG, WebP, GIF, TIFF or AVIF")
    .argument("<instruction>", "what to change")
    .addHelpText("after", EXAMPLES);
  addDrawingOptions(command, "<picture>-edited.png in the current folder").action(edit);
}

async function edit(path: string, instruction: string, options: DrawingOptions): Promise<void> {
  const { readPicture } = await import("../image/codec.ts");
  const source = await readPicture(path);
  await drawIntoFiles({
    options,
    output: options.output ?? `${basename(path, extname(path))}-edited.png`,
    words: instruction,
    size: ({ drawSize }) => [drawSize, drawSize],
    draw: (model, drawing) => model.edit(source, instruction, drawing),
    complete: (model, drawing) => model.forEditing(drawing),
    about: { picture: path },
  });
}
