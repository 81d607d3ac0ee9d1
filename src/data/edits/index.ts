/** Edits with exact ground truth: a source, an instruction, and the target that results from it. */
import { UserError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import { isHeldOut } from "../held-out.ts";
import { isClear } from "../scene.ts";
import { action } from "./action.ts";
import { add } from "./add.ts";
import { adjust, background, style } from "./appearance.ts";
import { type Draft, type Drafter, EDIT_TYPES, type Edit, type EditOptions, type EditType } from "./edit.ts";
import { hybrid } from "./hybrid.ts";
import { extract, remove, replace } from "./objects.ts";

export { JUMP } from "./action.ts";
export { GROWTH, inStyle, SHRINKAGE } from "./appearance.ts";
export { EDIT_TYPES, type Edit, type EditOptions, type EditType } from "./edit.ts";

const DRAFTERS: Readonly<Record<EditType, Drafter>> = {
  add,
  remove,
  replace,
  adjust,
  extract,
  background,
  style,
  hybrid,
  action,
};

const MOST_ATTEMPTS = 500;

/**
 * Draws up an edit. Combinations held out of training are left out of both pictures, unless the options say otherwise; with
 * `heldOut: "only"` the target shows one.
 *
 * @throws UserError when an option is unknown, or no edit fits all of them
 */
export function planEdit(random: Random, options: EditOptions = {}): Edit {
  const types = options.types ?? EDIT_TYPES;
  const unknown = types.find((type) => !EDIT_TYPES.includes(type));
  if (types.length === 0 || unknown !== undefined) {
    throw new UserError(
      `Edit types must be one or more of ${EDIT_TYPES.join(", ")}${unknown ? `, not "${unknown}"` : ""}.`,
    );
  }
  const { mostObjects = 4 } = options;
  if (![1, 2, 3, 4].includes(mostObjects)) {
    throw new UserError(`The most objects in a picture must be 1, 2, 3 or 4, not ${mostObjects}.`);
  }
  // The type is drawn once, so that types which fail more often are not drawn less often.
  const type = random.pick(types);
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const draft = DRAFTERS[type](random, options);
    if (draft !== undefined && isAllowed(draft, options)) return { type, ...draft };
  }
  throw new UserError(
    `No edit of type "${type}" fits these options after ${MOST_ATTEMPTS} tries: allow more objects, colors or backgrounds.`,
  );
}

function isAllowed({ source, target }: NonNullable<Draft>, options: EditOptions): boolean {
  const { heldOut = "exclude", mostObjects = 4 } = options;
  if (Math.max(source.objects.length, target.objects.length) > mostObjects) return false;
  if (!isClear(source) || !isClear(target)) return false;
  if (heldOut === "exclude") return !isHeldOut(source) && !isHeldOut(target);
  return heldOut === "any" || isHeldOut(target);
}
