import { readPicture } from "../../../image/codec.ts";
import {
  cropCentreSquare,
  type Picture,
  padToSquare,
  picture,
  prepareByStretching,
  prepareForEditing,
  prepareForUnderstanding,
  toModelRange,
} from "../../../image/index.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";

/** Picture preparation, for each picture named in the params, from its recorded pixels; and the decoding of its PNG file. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const produced = new Map<string, ParityOutput>();
  for (const [name, description] of Object.entries(context.params)) {
    const { target, png } = description as { target: number; png: string };
    const { shape, bytes } = await context.input(`${name}.rgb`);
    const source = picture(shape[1], shape[0], bytes);
    const forEditing = prepareForEditing(source, target);
    produced.set(`${name}.expand2square`, pixels(padToSquare(source)));
    produced.set(`${name}.crop2square`, pixels(cropCentreSquare(source)));
    produced.set(`${name}.expand_resize`, pixels(prepareForUnderstanding(source, target)));
    produced.set(`${name}.crop_resize`, pixels(forEditing));
    produced.set(`${name}.stretch_resize`, pixels(prepareByStretching(source, target)));
    produced.set(`${name}.edit_tensor`, { shape: [1, 3, target, target], values: toModelRange(forEditing) });
    if (context.entry.extraFiles.includes(png)) {
      produced.set(`${name}.png`, pixels(await readPicture(context.file(png))));
    }
  }
  return produced;
}

function pixels({ width, height, data }: Picture): ParityOutput {
  return { shape: [height, width, 3], values: data };
}
