/** Pictures as pixels, in Node and in a browser. Reading and writing files is `codec.ts`, for Node alone, and is imported from there. */
export { fromModelRange, type Picture, picture, toModelRange } from "./picture.ts";
export {
  cropCentreSquare,
  padToSquare,
  prepareByStretching,
  prepareForEditing,
  prepareForUnderstanding,
} from "./prepare.ts";
export { resize } from "./resize.ts";
