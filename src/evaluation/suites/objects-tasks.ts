/** What `world-objects` asks for, drawn up from a seed. */
import {
  type BackgroundKind,
  caption,
  type EditOptions,
  OBJECT_NAMES,
  type PlanOptions,
  planEdit,
  planScene,
  type Scene,
} from "../../data/index.ts";
import { Random } from "../../random.ts";
import type { World } from "./suite.ts";

/** What the pictures show where no other world is asked for: one large object near the centre, as the model that ships draws it. */
export const SINGLES = {
  styles: ["emoji"],
  sizes: [0.68, 0.8],
  jitter: 0.15,
  backgrounds: ["plain", "grass", "beach", "snow", "road", "night", "table", "room"] satisfies BackgroundKind[],
} as const satisfies PlanOptions;

/** The colour of what is not painted. */
export const NATURAL = "natural";

export const PARTS = ["object", "color", "background"] as const;
export type Part = (typeof PARTS)[number];

/** What a picture should show; a part of which nothing was said is left out. */
export type Wanted = Readonly<Partial<Record<Part, string>>>;

/** What there is to see in a scene of one object. */
export function shownIn({ objects: [object], background }: Scene): Readonly<Record<Part, string>> {
  return { object: object.name, color: object.color ?? NATURAL, background: background.kind };
}

/** Every so manieth coloured prompt asks for a combination that training never showed. */
const HELD_OUT_EVERY = 4;

export const PROMPT_KINDS = ["single object", "colored object", "held-out combination"] as const;
export type PromptKind = (typeof PROMPT_KINDS)[number];

/** A picture to draw, and a scene of one object that it should look like. */
export interface PromptTask {
  kind: PromptKind;
  scene: Scene;
  prompt: string;
  wanted: Wanted;
}

/**
 * So many prompts: half name an object, half an object and its colour, of which a fourth are combinations held out of training. All
 * say the background. The objects take turns; none of the prompts is one of GenEval's.
 */
export function planPrompts(seed: number, count: number, world: World = SINGLES): PromptTask[] {
  const random = new Random(seed);
  const { objects = OBJECT_NAMES } = world;
  const names = random.shuffle(objects);
  return Array.from({ length: count }, (_, index) => {
    const kind = promptKind(index);
    // Two neighbours, the one natural and the other coloured, share a name.
    const name = names[Math.floor(index / 2) % names.length];
    const scene = planScene(random, {
      ...world,
      tasks: [kind === "single object" ? "single_object" : "colors"],
      objects: kind === "held-out combination" ? objects : [name],
      heldOut: kind === "held-out combination" ? "only" : "exclude",
    });
    const { object, color, background } = shownIn(scene);
    // A natural object's colour is never said.
    const wanted = color === NATURAL ? { object, background } : { object, color, background };
    return { kind, scene, prompt: caption(random, scene, { background: "always" }), wanted };
  });
}

function promptKind(index: number): PromptKind {
  if (index % 2 === 0) return "single object";
  return ((index + 1) / 2) % HELD_OUT_EVERY === 0 ? "held-out combination" : "colored object";
}

/** Pictures to describe: half natural objects, half coloured ones in combinations held out of training. */
export function planDescriptions(seed: number, count: number, world: World = SINGLES): Scene[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, index) =>
    planScene(random, {
      ...world,
      ...(index % 2 === 0
        ? { tasks: ["single_object"], heldOut: "exclude" }
        : { tasks: ["colors"], heldOut: "only" as const }),
    } as PlanOptions),
  );
}

export const EDIT_KINDS = ["color", "background"] as const;
export type EditKind = (typeof EDIT_KINDS)[number];

/** A picture to edit. `scene` is how the result should look; `wanted` names all three parts, what is to stay among them. */
export interface EditTask {
  source: Scene;
  scene: Scene;
  instruction: string;
  wanted: Wanted;
}

/** So many changes of an object's colour, or of the background to another kind. */
export function planChanges(seed: number, kind: EditKind, count: number, world: World = SINGLES): EditTask[] {
  const random = new Random(seed);
  const { tasks: _, ...rest } = world;
  const common = { ...rest, mostObjects: 1 };
  const options: EditOptions =
    kind === "color" ? { ...common, types: ["adjust"], adjust: "color" } : { ...common, types: ["background"] };
  const tasks: EditTask[] = [];
  while (tasks.length < count) {
    const { source, target, instruction } = planEdit(random, options);
    // From one plain colour to another is no change of kind.
    const isChange = kind === "color" || source.background.kind !== target.background.kind;
    if (isChange) tasks.push({ source, scene: target, instruction, wanted: shownIn(target) });
  }
  return tasks;
}
