import type { Command } from "commander";
import { addDrawingOptions, type DrawingOptions, drawIntoFiles } from "./drawing.ts";
import { parseSize } from "./values.ts";

const EXAMPLES = `
Examples:
  unipic generate "a red car on the grass"
  unipic generate "a blue bird in the snow" --seed 7 --output bird.png
  unipic generate "a yellow bus" --count 4 --output bus.png     writes bus-1.png to bus-4.png`;

/** `unipic generate`: words to pictures. */
export function registerGenerate(program: Command): void {
  const command = program
    .command("generate")
    .description("Draw a picture from words.")
    .argument("<prompt>", "what to draw")
    .option("--size <n|WxH>", "pixels: a side, or width x height (default: what the model was trained at)", parseSize)
    .addHelpText("after", EXAMPLES);
  addDrawingOptions(command, "unipic.png").action(generate);
}

async function generate(prompt: string, options: DrawingOptions & { size?: [number, number] }): Promise<void> {
  const { size } = options;
  await drawIntoFiles({
    options,
    output: options.output ?? "unipic.png",
    words: prompt,
    size: ({ drawSize }) => size ?? [drawSize, drawSize],
    draw: (model, drawing) => model.generate(prompt, { ...drawing, size }),
    about: {},
  });
}
