/** What the benchmark asks for, drawn up from a seed. */
import {
  type BackgroundKind,
  caption,
  EASY_OBJECTS,
  type EditOptions,
  type PlanOptions,
  planEdit,
  planScene,
  type Scene,
} from "../data/index.ts";
import { Random } from "../random.ts";
import { type Target, wantedFrom } from "./ceiling.ts";
import { shownIn } from "./reader/samples.ts";

/** What the pictures show that a model is given or asked for; the small model's curriculum shows the same. */
export const BENCHMARK_WORLD = {
  objects: EASY_OBJECTS,
  styles: ["emoji"],
  sizes: [0.68, 0.8],
  jitter: 0.15,
  backgrounds: ["plain", "grass", "beach", "snow", "road", "night", "table", "room"] satisfies BackgroundKind[],
} as const satisfies PlanOptions;

/** Every so manieth coloured prompt asks for a combination that training never showed. */
const HELD_OUT_EVERY = 4;

export const PROMPT_KINDS = ["single object", "colored object", "held-out combination"] as const;
export type PromptKind = (typeof PROMPT_KINDS)[number];

/** A picture to draw. */
export interface PromptTask extends Target {
  kind: PromptKind;
  prompt: string;
}

/**
 * So many prompts: half name an object, half an object and its colour, of which a fourth are combinations held out of training. All
 * say the background. The objects take turns; none of the prompts is one of GenEval's.
 *
 * @param world what else the scenes behind the prompts look like, which matters where they are drawn
 */
export function planPrompts(seed: number, count: number, world: PlanOptions = BENCHMARK_WORLD): PromptTask[] {
  const random = new Random(seed);
  const names = random.shuffle(EASY_OBJECTS);
  return Array.from({ length: count }, (_, index) => {
    const kind = promptKind(index);
    // Two neighbours, the one natural and the other coloured, share a name.
    const name = names[Math.floor(index / 2) % names.length];
    const scene = planScene(random, {
      ...world,
      tasks: [kind === "single object" ? "single_object" : "colors"],
      objects: kind === "held-out combination" ? EASY_OBJECTS : [name],
      heldOut: kind === "held-out combination" ? "only" : "exclude",
    });
    return { kind, scene, prompt: caption(random, scene, { background: "always" }), wanted: wantedFrom(scene) };
  });
}

function promptKind(index: number): PromptKind {
  if (index % 2 === 0) return "single object";
  return ((index + 1) / 2) % HELD_OUT_EVERY === 0 ? "held-out combination" : "colored object";
}

/** Pictures to describe: half natural objects, half coloured ones in combinations held out of training. */
export function planDescriptions(seed: number, count: number): Scene[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, index) =>
    planScene(random, {
      ...BENCHMARK_WORLD,
      ...(index % 2 === 0
        ? { tasks: ["single_object"], heldOut: "exclude" }
        : { tasks: ["colors"], heldOut: "only" as const }),
    } as PlanOptions),
  );
}

export const EDIT_KINDS = ["color", "background"] as const;
export type EditKind = (typeof EDIT_KINDS)[number];

/** A picture to edit. `scene` is how the result should look; `wanted` names all three parts, what is to stay among them. */
export interface EditTask extends Target {
  kind: EditKind;
  source: Scene;
  instruction: string;
}

/** So many changes of an object's colour, or of the background to another kind. */
export function planEdits(seed: number, kind: EditKind, count: number): EditTask[] {
  const random = new Random(seed);
  const common = { ...BENCHMARK_WORLD, mostObjects: 1 };
  const options: EditOptions =
    kind === "color" ? { ...common, types: ["adjust"], adjust: "color" } : { ...common, types: ["background"] };
  const tasks: EditTask[] = [];
  while (tasks.length < count) {
    const { source, target, instruction } = planEdit(random, options);
    // From one plain colour to another is a change that the reader cannot see.
    const isSeen = kind === "color" || source.background.kind !== target.background.kind;
    if (isSeen) tasks.push({ kind, source, scene: target, instruction, wanted: shownIn(target) });
  }
  return tasks;
}
