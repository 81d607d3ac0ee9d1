/** Drawing a picture from words, round by round. */
export { samplingCase as run } from "../sampling.ts";
