/** Drawing up scenes at random, within what a curriculum or a test allows. */
import { UserError } from "../errors.ts";
import type { Random } from "../random.ts";
import { arrange, distinct, scatter } from "./arrangement.ts";
import { BACKGROUND_KINDS, type BackgroundKind, hasGround, planBackground } from "./backgrounds.ts";
import { COLOR_NAMES, type ColorName } from "./colors.ts";
import { isHeldOut } from "./held-out.ts";
import { iconId, OBJECT_NAMES, OBJECTS, STYLES, type Style } from "./objects.ts";
import { GRID_CELLS, GRID_HORIZON, place, placeOnGrid } from "./placement.ts";
import { RELATIONS, relationsBetween } from "./relations.ts";
import { boxOf, isClear, type Scene, type SceneObject, TASKS, type Task } from "./scene.ts";
import { iconShape } from "./sprites.ts";

/** The least and the greatest. */
export type SizeRange = readonly [number, number];

/** What may be drawn; everything, where nothing is said. */
export interface PlanOptions {
  tasks?: readonly Task[];
  /** Names out of `OBJECT_NAMES`. */
  objects?: readonly string[];
  styles?: readonly Style[];
  backgrounds?: readonly BackgroundKind[];
  /** Colours for coloured objects. */
  colors?: readonly ColorName[];
  /** Least and greatest longer side, relative to the picture, for all tasks or task by task; a task that is not named has its own. */
  sizes?: SizeRange | Partial<Record<Task, SizeRange>>;
  /** 0 keeps objects centred and evenly spaced, 1 (as it is otherwise) lets them be anywhere; for all tasks or task by task. */
  jitter?: number | Partial<Record<Task, number>>;
  /**
   * Whether several objects always stand on a grid of two by two, in the same way for their number: two side by side, three and four
   * in two rows of two, whatever the jitter; or of which share of a task's scenes that is so, 0 where a task is not named. `false` as it
   * is otherwise.
   */
  tidy?: boolean | Partial<Record<Task, number>>;
  /**
   * How many different objects a scene of the task `dense` has, at least and at most, from one to four; on the grid each then has a cell
   * of its own, drawn by chance. Three or four, in two rows, where nothing is said.
   */
  denseObjects?: readonly [least: number, greatest: number];
  /** Whether objects may be mirrored that look right either way; they may, where nothing is said. */
  mirror?: boolean;
  /** The share of single objects of natural look that are painted so that no colour helps to name them (see `SceneObject.rainbow`); 0 where nothing is said. */
  rainbow?: number;
  /** What to do with combinations held out of training: leave them out (as it is otherwise), show nothing else, or not care. */
  heldOut?: "exclude" | "only" | "any";
}

/** A coloured, gradient or patterned ground is easier on the eye than a landscape, and leaves objects free to be anywhere. */
const BACKGROUND_WEIGHTS: Partial<Record<BackgroundKind, number>> = { plain: 3, gradient: 2 };
/** The share of scenes whose objects all have the same style. */
const ONE_STYLE = 0.7;
/** Three or more objects need this much ground to stand on. */
const HIGH_HORIZON = 0.48;
/** How many different objects the task `dense` is about, where nothing is said. */
const DENSE_OBJECTS = [3, 4] as const;
const MOST_ATTEMPTS = 500;

const SIZES: Readonly<Record<Task, SizeRange>> = {
  single_object: [0.45, 0.75],
  colors: [0.45, 0.75],
  two_object: [0.34, 0.52],
  color_attr: [0.34, 0.5],
  position: [0.3, 0.46],
  counting: [0.28, 0.42],
  dense: [0.24, 0.4],
};

/**
 * Draws up a scene.
 *
 * @throws UserError when an option is unknown, or nothing that can be seen clearly fits all of them
 */
export function planScene(random: Random, options: PlanOptions = {}): Scene {
  checkOptions(options);
  const heldOut = options.heldOut ?? "exclude";
  // A natural object alone is no combination: there is nothing to hold out.
  const tasks = options.tasks ?? (heldOut === "only" ? TASKS.slice(1) : TASKS);
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const scene = attemptScene(random, random.pick(tasks), options);
    if (scene === undefined) continue;
    if (heldOut === "any" || isHeldOut(scene) === (heldOut === "only")) return scene;
  }
  throw new UserError(
    `No scene fits these options after ${MOST_ATTEMPTS} tries: allow more objects, colors or backgrounds, so that objects can ` +
      `stand out${heldOut === "only" ? ", and tasks that combine things" : ""}.`,
  );
}

function attemptScene(random: Random, task: Task, options: PlanOptions): Scene | undefined {
  const objects = drawObjects(random, task, options);
  const kind = drawBackgroundKind(random, options.backgrounds);
  const { jitter = 1, tidy = false } = options;
  const isScattered = task === "dense" && options.denseObjects !== undefined;
  const crowded = objects.length > 2 || isScattered;
  const isSeveral = objects.length > 1 || isScattered;
  const onGrid = isSeveral && (isByTask(tidy) ? random.chance(tidy[task] ?? 0) : tidy);
  const highest = onGrid ? GRID_HORIZON : HIGH_HORIZON;
  const background = planBackground(random, kind, crowded || task === "position" ? highest : 1);
  const relation = task === "position" ? random.pick(RELATIONS) : undefined;
  const rows = arrange(random, objects.length, hasGround(kind), relation, onGrid);

  const [least, greatest] = (isRange(options.sizes) ? options.sizes : options.sizes?.[task]) ?? SIZES[task];
  const common = random.uniform(least, greatest);
  const sizes = objects.map(() => (task === "counting" ? common : random.uniform(least, greatest)));
  const outlines = objects.map((object) => iconShape(object.icon));
  const spots = onGrid
    ? placeOnGrid(outlines, sizes, isScattered ? scatter(random, objects.length) : rows)
    : place(random, outlines, sizes, rows, {
        horizon: background.horizon,
        jitter: isByTask(jitter) ? (jitter[task] ?? 1) : jitter,
      });
  objects.forEach((object, index) => {
    Object.assign(object, spots[index]);
  });

  const scene: Scene = { task, objects, background };
  if (!isClear(scene)) return undefined;
  if (relation !== undefined && !relationsBetween(boxOf(objects[0]), boxOf(objects[1])).includes(relation)) {
    return undefined;
  }
  return scene;
}

/** An object that has no place yet. */
export function makeObject(random: Random, name: string, style: Style, color: ColorName | null): SceneObject {
  const kind = OBJECTS[name];
  const flip = kind.mirrors !== false && random.chance(0.5);
  return { name, icon: iconId(kind.icon, style), style, color, size: 0, x: 0, y: 0, flip };
}

function drawObjects(random: Random, task: Task, options: PlanOptions): SceneObject[] {
  const names = options.objects ?? OBJECT_NAMES;
  const colors = options.colors ?? COLOR_NAMES;
  const styles = options.styles ?? STYLES;
  const shared = random.chance(ONE_STYLE) ? random.pick(styles) : undefined;
  const make = (name: string, color: ColorName | null) => {
    const object = makeObject(random, name, shared ?? random.pick(styles), color);
    return options.mirror === false ? { ...object, flip: false } : object;
  };

  switch (task) {
    case "single_object": {
      const object = make(random.pick(names), null);
      const isRainbow = options.rainbow !== undefined && random.chance(options.rainbow);
      return [isRainbow ? { ...object, rainbow: random.uniform(0, 1) } : object];
    }
    case "colors":
      return [make(random.pick(names), random.pick(colors))];
    case "two_object":
    case "position":
      return distinct(random, names, 2).map((name) => make(name, null));
    case "color_attr": {
      const pair = distinct(random, colors, 2);
      return distinct(random, names, 2).map((name, index) => make(name, pair[index]));
    }
    case "counting": {
      const first = make(random.pick(names), null);
      const mirrors = options.mirror !== false && OBJECTS[first.name].mirrors !== false;
      return Array.from({ length: 2 + random.integer(3) }, () => ({ ...first, flip: mirrors && random.chance(0.5) }));
    }
    case "dense": {
      const [least, greatest] = options.denseObjects ?? DENSE_OBJECTS;
      return distinct(random, names, least + random.integer(greatest - least + 1)).map((name) =>
        make(name, random.chance(0.6) ? random.pick(colors) : null),
      );
    }
  }
}

function drawBackgroundKind(random: Random, kinds: readonly BackgroundKind[] = BACKGROUND_KINDS): BackgroundKind {
  const weights = kinds.map((kind) => BACKGROUND_WEIGHTS[kind] ?? 1);
  let draw = random.uniform(
    0,
    weights.reduce((sum, weight) => sum + weight, 0),
  );
  return kinds.find((_, index) => {
    draw -= weights[index];
    return draw < 0;
  })!;
}

/** Whether a task's scenes show one object. */
export const isSingle = (task: Task): boolean => task === "single_object" || task === "colors";

/** A world's sizes for a task: those of a single range may be meant for single objects, and several have to share the picture. */
export const sizesFor = (task: Task, sizes: PlanOptions["sizes"]): PlanOptions["sizes"] =>
  isRange(sizes) && !isSingle(task) ? undefined : sizes;

const isByTask = (value: unknown): value is Partial<Record<Task, number>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isRange = (sizes: PlanOptions["sizes"]): sizes is SizeRange => Array.isArray(sizes);

function checkOptions(options: PlanOptions): void {
  checkChoice("tasks", options.tasks, TASKS);
  checkChoice("objects", options.objects, OBJECT_NAMES);
  checkChoice("styles", options.styles, STYLES);
  checkChoice("backgrounds", options.backgrounds, BACKGROUND_KINDS);
  checkChoice("colors", options.colors, COLOR_NAMES);
  const { denseObjects = DENSE_OBJECTS, sizes = {}, jitter = 1, mirror = true, tidy = false } = options;
  if (!isDenseObjects(denseObjects)) {
    throw new UserError(
      `"denseObjects" must be two whole numbers with 1 <= least <= greatest <= ${GRID_CELLS}, not ${JSON.stringify(denseObjects)}.`,
    );
  }
  const tasks = options.tasks ?? TASKS;
  const objectsNeeded = Math.max(...tasks.map((task) => (task === "dense" ? denseObjects[1] : OBJECTS_NEEDED[task])));
  if (new Set(options.objects ?? OBJECT_NAMES).size < objectsNeeded) {
    throw new UserError(`These tasks need at least ${objectsNeeded} different objects to choose from.`);
  }
  if (tasks.includes("color_attr") && new Set(options.colors ?? COLOR_NAMES).size < 2) {
    throw new UserError("The task color_attr needs at least two colors to choose from.");
  }
  for (const [option, byTask] of Object.entries({ sizes, jitter, tidy })) {
    const named = isByTask(byTask) ? Object.keys(byTask) : [];
    if (named.length > 0) checkChoice(option, named, TASKS);
  }
  for (const range of isRange(sizes) ? [sizes] : Object.values(sizes)) {
    const [least, greatest] = isRange(range) ? range : [];
    if (!(least !== undefined && greatest !== undefined && least > 0 && least <= greatest && greatest <= 1)) {
      throw new UserError(
        `Sizes must be two numbers with 0 < least <= greatest <= 1, or two for each task, not ${JSON.stringify(range)}.`,
      );
    }
  }
  if (!isShare(jitter)) {
    throw new UserError(
      `The jitter must lie between 0 and 1, or be such a number for each task, not ${JSON.stringify(jitter)}.`,
    );
  }
  const { rainbow = 0 } = options;
  if (!(rainbow >= 0 && rainbow <= 1)) throw new UserError(`"rainbow" must lie between 0 and 1, not ${rainbow}.`);
  if (typeof mirror !== "boolean") {
    throw new UserError(`"mirror" must be true or false, not ${JSON.stringify(mirror)}.`);
  }
  if (typeof tidy !== "boolean" && !(isByTask(tidy) && isShare(tidy))) {
    throw new UserError(
      `"tidy" must be true, false or a share between 0 and 1 for each task, not ${JSON.stringify(tidy)}.`,
    );
  }
}

function isDenseObjects(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2 || !value.every(Number.isInteger)) return false;
  const [least, greatest] = value;
  return 1 <= least && least <= greatest && greatest <= GRID_CELLS;
}

/** Whether a value is a number from 0 to 1, or names one for each of some tasks. */
function isShare(value: unknown): boolean {
  if (!isByTask(value)) return typeof value === "number" && value >= 0 && value <= 1;
  return Object.values(value).every((share) => !isByTask(share) && isShare(share));
}

const OBJECTS_NEEDED: Readonly<Record<Exclude<Task, "dense">, number>> = {
  single_object: 1,
  colors: 1,
  counting: 1,
  two_object: 2,
  position: 2,
  color_attr: 2,
};

function checkChoice(option: string, chosen: readonly string[] | undefined, known: readonly string[]): void {
  if (chosen === undefined) return;
  if (chosen.length === 0)
    throw new UserError(`The option "${option}" is empty: name at least one of ${known.join(", ")}.`);
  const unknown = chosen.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UserError(`The option "${option}" does not know "${unknown}"; it knows ${known.join(", ")}.`);
  }
}
