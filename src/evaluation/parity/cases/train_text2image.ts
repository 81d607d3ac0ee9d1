/** The loss of drawing from words, and its gradients. */
export { drawingCase as run } from "../training.ts";
