import type { Command } from "commander";
import { addDrawingOptions, type DrawingOptions, drawIntoFiles } from "./drawing.ts";
import { parseSize } from "./values.ts";

const EXAMPLES = `
Examples:
  unipic generate "a red car on the grass"
  unipic generate "a blue bird in the snow" --seed 7 --output bird.png
  unipic generate "a yellow bus" --count 4 --output bus.png     writes bus-1.png to bus-4.png`;

interface GenerateCommandOptions extends DrawingOptions {
  size?: [number, number];
  layout: boolean;
}

/** `unipic generate`: words to pictures. */
export function registerGenerate(program: Command): void {
  const command = program
    .command("generate")
    .description("Draw a picture from words.")
    .argument("<prompt>", "what to draw")
    .option("--size <n|WxH>", "pixels: a side, or width x height (default: what the model was trained at)", parseSize)
    .option(
      "--no-layout",
      "draw three things or more at once, too, and not one by one: faster, and less of it comes right",
    )
    .addHelpText("after", EXAMPLES);
  addDrawingOptions(command, "unipic.png").action(generate);
}

async function generate(prompt: string, options: GenerateCommandOptions): Promise<void> {
  const { size, layout } = options;
  await drawIntoFiles({
    options,
    output: options.output ?? "unipic.png",
    words: prompt,
    size: ({ drawSize }) => size ?? [drawSize, drawSize],
    draw: (model, drawing) => model.generate(prompt, { ...drawing, size, layout }),
    settings: layout ? {} : { layout },
    about: {},
  });
}
