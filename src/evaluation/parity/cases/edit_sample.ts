/** Editing a picture, round by round: drawing with a source picture. */
export { samplingCase as run } from "../sampling.ts";
