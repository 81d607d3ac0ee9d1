/** The loss of editing, and its gradients: drawing with a source picture. */
export { drawingCase as run } from "../training.ts";
