/** Two edits in one instruction: something changes colour, and something else happens. */
import { backgroundPlaces } from "../backgrounds.ts";
import { thingPhrase } from "../captions.ts";
import { newBackground } from "./appearance.ts";
import { copyOf, type Drafter, newColor, refer, sceneToEdit } from "./edit.ts";
import { substitute } from "./objects.ts";
import { pairs } from "./pairs.ts";

export const hybrid: Drafter = (random, options) => {
  if (options.pairs) return pairs(random, options);
  const count = Math.min(2, options.mostObjects ?? 2);
  const source = sceneToEdit(random, options, count, count);
  const target = copyOf(source);
  const [painted, other] = target.objects;
  const color = newColor(random, painted.color, options);
  if (color === undefined) return undefined;
  const start = `Change the ${refer(random, painted)} to ${color}`;
  painted.color = color;

  const second = other === undefined ? "background" : random.pick(["remove", "background", "replace"] as const);
  switch (second) {
    case "remove":
      target.objects.pop();
      return { source, target, instruction: `${start} and remove the ${refer(random, other)}.` };
    case "background": {
      const fresh = newBackground(random, source, options);
      if (fresh === undefined) return undefined;
      target.background = fresh;
      const all = other === undefined ? "it" : "everything";
      return { source, target, instruction: `${start} and put ${all} ${backgroundPlaces(fresh)[0]}.` };
    }
    case "replace": {
      const name = refer(random, other);
      const fresh = substitute(random, target, 1, options);
      if (fresh === undefined) return undefined;
      return { source, target, instruction: `${start} and replace the ${name} with ${thingPhrase(fresh)}.` };
    }
  }
};
