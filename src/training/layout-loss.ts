import { clearingLoss, clearThings } from "../models/clearing.ts";
import { nativeSide, tokenWidth, type UniPicConfig } from "../models/config.ts";
import { LAYOUT_KNOWN, layOut, layoutLoss } from "../models/layout.ts";
import { embedText } from "../models/unipic.ts";
import { decodeTokens } from "../models/vae.ts";
import type { Scope } from "../nn/scope.ts";
import { add, detach, input, multiply, reshape, slice, type Tensor } from "../tensor/index.ts";
import { frozenLatents } from "./losses.ts";

/** Deviation of what is added to a token in training, as of one that the head draws, which is never quite right. */
const ROUGHLY = 0.3;

/** The two that laying out prompts learns by. */
export interface LayoutLosses {
  /** What prompts name, and where that goes, see `layoutLoss` in models/layout.ts. */
  naming: Tensor;
  /** How far the background is off that is told from a picture, see `clearingLoss` in models/clearing.ts. */
  clearing: Tensor;
}

/** Traces them; the inputs are `layout.` and the names that `layoutInputs` gives. Only what lays out and clears learns. */
export function traceLayout(root: Scope, config: UniPicConfig, batch: number): LayoutLosses {
  const { mar } = config;
  const length = "layout_length";
  const side = nativeSide(mar);
  const scope = root.child("layout");
  const ids = input("layout.ids", "int64", [batch, length]);
  const known = input("layout.known", "float32", [batch, length, LAYOUT_KNOWN]);
  const isOwn = reshape(slice(known, 2, 0, 1), [batch, length]);
  const prompt = { embeddings: detach(embedText(root, config, ids)), isOwn };
  const said = layOut(scope.child("words"), prompt);

  const pictures = (name: string) => input(`layout.${name}`, "float32", [batch, 3, mar.img_size, mar.img_size]);
  const noise = input("layout.noise", "float32", [batch, side * side, tokenWidth(mar)]);
  const tokens = add(frozenLatents(root, config, pictures("pixels")), multiply(noise, ROUGHLY));
  const whole = reshape(tokens, [batch, side, side, tokenWidth(mar)]);
  const drawn = detach(decodeTokens(root.child("vae"), config, whole));
  const cleared = clearThings(scope.child("clear"), mar, drawn, prompt);
  return { naming: layoutLoss(said, known), clearing: clearingLoss(cleared, pictures("background")) };
}

/** Their sum. */
export function layoutTask(root: Scope, config: UniPicConfig, batch: number): Tensor {
  const { naming, clearing } = traceLayout(root, config, batch);
  return add(naming, clearing);
}
