/** Whether a picture holds what a long description says, statement by statement, as DPG-Bench asks (arXiv 2403.05135). */

import { LARGE, SMALL, whereabouts } from "../data/captions.ts";
import { type Box, relationsBetween, type Scene, type Statement } from "../data/index.ts";
import { type Detection, isBackground, longerSide, named, type Sighting } from "./sighting.ts";

/** How far from where a word for a size or a place begins to be true it is still taken for true, as a share of the picture. */
const LEEWAY = 0.05;

/**
 * For each statement whether it holds. A statement about an object that is not there does not, nor one about a background's colour where
 * the background is another.
 */
export function statementsThatHold(scene: Scene, statements: readonly Statement[], sighting: Sighting): boolean[] {
  const found = scene.objects.map(({ name }): Detection | undefined => named(sighting, name)[0]);
  return statements.map((statement) => holds(scene, statement, sighting, found));
}

function holds(
  { objects, background }: Scene,
  statement: Statement,
  sighting: Sighting,
  found: readonly (Detection | undefined)[],
): boolean {
  if (statement.about === "background") return sighting.background.kind === background.kind;
  if (statement.about === "background color") return isBackground(sighting, background);
  const seen = found[statement.object];
  if (seen === undefined) return false;
  switch (statement.about) {
    case "object":
      return true;
    case "color":
      return seen.color === objects[statement.object].color;
    case "size":
      return statement.size === "large" ? longerSide(seen.box) > LARGE - LEEWAY : longerSide(seen.box) < SMALL + LEEWAY;
    case "place":
      return isAt(seen.box, statement.place);
    case "relation": {
      const other = found[statement.other];
      return other !== undefined && relationsBetween(seen.box, other.box).includes(statement.relation);
    }
  }
}

/** Whether the word for where a box is is true of its centre, or of a point near it. */
function isAt(box: Box, place: string): boolean {
  const steps = [-LEEWAY, 0, LEEWAY];
  const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  return steps.some((dx) => steps.some((dy) => whereabouts({ x: x + dx, y: y + dy }) === place));
}
