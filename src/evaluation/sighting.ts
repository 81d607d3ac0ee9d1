/** What is seen in a picture: by a reader of pictures, or, without error, from the scene that it was drawn from. */
import { type Background, type Box, boxOf, COLOR_NAMES, type Scene } from "../data/index.ts";
import type { Picture } from "../image/index.ts";

/** An object found in a picture. Lengths and positions are relative to the picture's sides. */
export interface Detection {
  object: string;
  /** How sure it is that something is there and that it is this, 0 to 1. */
  score: number;
  /** The colour it would be called among the ten, painted or not. */
  color: string;
  /** How probable it is that it is painted, rather than of natural look. */
  painted: number;
  box: Box;
}

export interface Sighting {
  /** The surest first. */
  objects: Detection[];
  background: {
    kind: string;
    /** Null where the background is of a kind that has no colour of its own. */
    color: string | null;
    /** Of a gradient's bottom. */
    secondColor: string | null;
  };
}

/** Whatever looks at pictures and says what it sees. */
export interface Looker {
  look(pictures: readonly Picture[]): Promise<Sighting[]>;
}

/** What a reader without error would see. Natural objects get a colour that nobody asks for. */
export function sightingOf({ objects, background }: Scene): Sighting {
  return {
    objects: objects.map((object) => ({
      object: object.name,
      score: 1,
      color: object.color ?? COLOR_NAMES[0],
      painted: object.color === null ? 0 : 1,
      box: boxOf(object),
    })),
    background: {
      kind: background.kind,
      color: background.color ?? null,
      secondColor: background.secondColor ?? null,
    },
  };
}

/** The objects of a name, the surest first. */
export const named = ({ objects }: Sighting, name: string): Detection[] =>
  objects.filter(({ object }) => object === name);

/** The longer side of a box. */
export const longerSide = ({ left, top, right, bottom }: Box): number => Math.max(right - left, bottom - top);

/** Whether a background was seen for what it is, its colours included where it has any. */
export function isBackground({ background }: Sighting, { kind, color, secondColor }: Background): boolean {
  const { kind: seen, color: seenColor, secondColor: seenSecond } = background;
  return (
    seen === kind &&
    (color === undefined || seenColor === color) &&
    (secondColor === undefined || seenSecond === secondColor)
  );
}

/** What was seen, in words: "red car, dog; grass". */
export function showSighting({ objects, background }: Sighting): string {
  const things = objects.map(({ object, color, painted }) => (painted < 0.5 ? object : `${color} ${object}`));
  const { kind, color, secondColor } = background;
  const behind = [color, secondColor && `to ${secondColor}`, kind].filter(Boolean).join(" ");
  return `${things.length === 0 ? "nothing" : things.join(", ")}; ${behind}`;
}
