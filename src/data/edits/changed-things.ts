/** What an edit changes of what its source shows, thing by thing, and what it brings, and which words say so. */
import type { ColorName } from "../colors.ts";
import type { SceneObject } from "../scene.ts";
import { PAIRS, type Span } from "../words.ts";
import type { Edit } from "./edit.ts";
import { type NewThing, newThingNamed } from "./new-thing.ts";

/** Something that an instruction names and that is another in the target, or gone. */
export interface ChangedThing extends Span {
  /** As the source shows it. */
  object: SceneObject;
  goes: boolean;
  /** Whether it is all that stays, on a plain background. */
  alone: boolean;
  /** As the target shows it, where it takes another pose. */
  posed?: SceneObject;
  /** The color that it gets, with the words for it; undefined where it keeps its look. */
  color?: Span & { name: ColorName };
  mirrors: boolean;
  /** How many times as large it becomes. */
  scale: number;
  /** How far it is lifted, as a share of the side. */
  lift: number;
}

export interface KnownChanges {
  things: ChangedThing[];
  /** What is new. */
  fresh?: NewThing;
  /** What of the source that is put beside. */
  beside?: Span & Pick<ChangedThing, "object">;
  /** Whether all else stays as it is, beside what is new. */
  restStays: boolean;
}

type ToldEdit = Pick<Edit, "source" | "target" | "instruction" | "placement">;

/** All that is changed or new, and named. */
export function knownChanges(edit: ToldEdit): KnownChanges {
  const { source, target, instruction, placement } = edit;
  const after = (object: SceneObject) => target.objects.find(({ name }) => name === object.name);
  const things = source.objects.flatMap((object): ChangedThing[] => {
    const later = after(object);
    const words = wordsFor(object, instruction);
    if (!words) return [];
    const still = {
      object,
      ...words,
      goes: later === undefined,
      alone: isExtracted(edit, object),
      mirrors: false,
      scale: 1,
      lift: 0,
    };
    if (!later || still.alone) return [still];
    if (same(object, later)) return [];
    // Another icon of the same style is another pose; of another style, the look of the whole picture.
    if (later.style !== object.style) return [];
    if (later.icon !== object.icon) return [{ ...still, posed: later }];
    const color = later.color === object.color || later.color === null ? undefined : later.color;
    const said = color && new RegExp(`\\b${color}\\b`).exec(instruction.slice(words.to));
    const from = said ? words.to + said.index : 0;
    return [
      {
        ...still,
        ...(color && said ? { color: { name: color, from, to: from + color.length } } : {}),
        mirrors: later.flip !== object.flip,
        scale: later.size / object.size,
        lift: (later.lift ?? 0) - (object.lift ?? 0),
      },
    ];
  });
  const isTold = (object: SceneObject) => things.some((thing) => thing.object === object);
  const restStays =
    target.filter === source.filter &&
    same(source.background, target.background) &&
    source.objects.every((object) => isTold(object) || same(object, after(object)));
  const anchor = source.objects.find(({ name }) => name === placement?.anchor);
  const words = anchor && wordsFor(anchor, instruction);
  const beside = anchor && words && { object: anchor, ...words };
  return { things, fresh: newThingNamed(edit), beside, restStays };
}

/** Whether nothing else is left of the source. */
function isExtracted({ source, target }: ToldEdit, object: SceneObject): boolean {
  const { background, objects } = target;
  const isCut = background.kind === "plain" && !same(background, source.background);
  return (
    isCut &&
    (source.objects.length > 1 || background.color === "white") &&
    objects.length === 1 &&
    same(object, objects[0])
  );
}

/** Where the instruction names an object, with its color or without. */
function wordsFor({ name, color }: SceneObject, instruction: string): Span | undefined {
  const pair = PAIRS.has(name) ? "(?:pair of )?" : "";
  const found = new RegExp(
    `(?<=\\bthe )${pair}(?:${color ?? ""} ?)\\b${name}\\b|(?<=\\bthe )${pair}${name}\\b`,
    "i",
  ).exec(instruction);
  return found ? { from: found.index, to: found.index + found[0].length } : undefined;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
