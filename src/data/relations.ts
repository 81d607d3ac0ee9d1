/** Where things stand to each other, by GenEval's rule, and how that is said. */

/** Lengths and positions are relative to the picture's side, (0, 0) being the top left corner. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const RELATIONS = ["left of", "right of", "above", "below"] as const;
export type Relation = (typeof RELATIONS)[number];

/**
 * The relations of one box to another by GenEval's rule: the distance of the centres along an axis, less a tenth of the summed sides
 * along it, must be more than half of the centres' distance. None, one, or two (diagonally) hold.
 */
export function relationsBetween(a: Box, b: Box): Relation[] {
  const dx = (a.left + a.right - b.left - b.right) / 2;
  const dy = (a.top + a.bottom - b.top - b.bottom) / 2;
  const distance = Math.hypot(dx, dy);
  const slackX = 0.1 * (a.right - a.left + b.right - b.left);
  const slackY = 0.1 * (a.bottom - a.top + b.bottom - b.top);
  const x = (Math.max(Math.abs(dx) - slackX, 0) * Math.sign(dx)) / distance;
  const y = (Math.max(Math.abs(dy) - slackY, 0) * Math.sign(dy)) / distance;
  const holding: Relation[] = [];
  if (x < -0.5) holding.push("left of");
  if (x > 0.5) holding.push("right of");
  if (y < -0.5) holding.push("above");
  if (y > 0.5) holding.push("below");
  return holding;
}

/** The relation seen from the other object. */
export function opposite(relation: Relation): Relation {
  return ({ "left of": "right of", "right of": "left of", above: "below", below: "above" } as const)[relation];
}

const relationPhrase: Record<Relation, string> = {
  "left of": "to the left of",
  "right of": "to the right of",
  above: "above",
  below: "below",
};

/** The relation as it stands in a full sentence: "to the left of". */
export function spellRelation(relation: Relation): string {
  return relationPhrase[relation];
}
