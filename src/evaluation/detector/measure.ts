/** How well a reader tells right pictures from wrong ones: no model can be expected to score more than right pictures do. */
import {
  boxOf,
  COLOR_NAMES,
  type ColorName,
  GENEVAL_TAGS,
  type GenEvalTag,
  OBJECT_NAMES,
  opposite,
  type PlanOptions,
  planScene,
  RELATIONS,
  relationsBetween,
  type Scene,
} from "../../data/index.ts";
import type { Picture } from "../../image/index.ts";
import { Random } from "../../random.ts";
import type { Autoencoder } from "../autoencoder.ts";
import { type Estimate, estimate } from "../estimate.ts";
import { faultOf, sceneOf, type Wanted } from "../geneval.ts";
import { drawPictures, throughAutoencoder } from "../renders.ts";
import { isBackground, type Looker, sightingOf } from "../sighting.ts";

/** Ways in which a picture can be wrong by one thing alone. */
export const FAULTS = [
  "another object",
  "a missing object",
  "another color",
  "swapped colors",
  "one more or less",
  "another relation",
] as const;
export type Fault = (typeof FAULTS)[number];

/** What a scene drawn for one of GenEval's categories asks for. */
export function wantedOf({ task, objects }: Scene): Wanted {
  const tag = task as GenEvalTag;
  if (tag === "counting") {
    const [{ name: object }] = objects;
    return { tag, include: [{ object, count: objects.length }], exclude: [{ object, count: objects.length + 1 }] };
  }
  const include = objects.map(({ name: object, color }) => ({ object, count: 1, color: color ?? undefined }));
  if (tag !== "position") return { tag, include, exclude: [] };
  const [relation] = relationsBetween(boxOf(objects[1]), boxOf(objects[0]));
  return { tag, include: [include[0], { ...include[1], position: [relation, 0] }], exclude: [] };
}

/** What shows almost what is wanted: wrong by this one thing. Undefined where that thing is not asked for. */
function spoil(random: Random, wanted: Wanted, fault: Fault): Wanted | undefined {
  const { tag, include } = wanted;
  const index = random.integer(include.length);
  const other = <T>(names: readonly T[], taken: readonly T[]): T =>
    random.pick(names.filter((name) => !taken.includes(name)));
  const replaced = (change: Partial<Wanted["include"][number]>): Wanted => ({
    ...wanted,
    include: include.map((each, i) => (i === index ? { ...each, ...change } : each)),
    exclude: [],
  });
  switch (fault) {
    case "another object": {
      const object = other(
        OBJECT_NAMES,
        include.map((each) => each.object),
      );
      return tag === "counting"
        ? { tag, include: [{ ...include[0], object }], exclude: [{ object, count: include[0].count + 1 }] }
        : replaced({ object });
    }
    case "a missing object": {
      if (include.length < 2) return undefined;
      const { object, color } = include[index];
      return {
        tag: color === undefined ? "single_object" : "colors",
        include: [{ object, color, count: 1 }],
        exclude: [],
      };
    }
    case "another color": {
      const colors = include.flatMap(({ color }) => color ?? []);
      return colors.length === 0 ? undefined : replaced({ color: other<ColorName>(COLOR_NAMES, colors) });
    }
    case "swapped colors": {
      if (tag !== "color_attr") return undefined;
      const [first, second] = include;
      return {
        ...wanted,
        include: [
          { ...first, color: second.color },
          { ...second, color: first.color },
        ],
      };
    }
    case "one more or less": {
      if (tag !== "counting") return undefined;
      const [{ object, count }] = include;
      const wrong = count === 2 || (count === 3 && random.chance(0.5)) ? count + 1 : count - 1;
      return { tag, include: [{ object, count: wrong }], exclude: [{ object, count: wrong + 1 }] };
    }
    case "another relation": {
      if (tag !== "position") return undefined;
      const [anchor, subject] = include;
      const [relation] = subject.position!;
      const wrong = random.chance(0.5) ? opposite(relation) : other(RELATIONS, [relation, opposite(relation)]);
      return { ...wanted, include: [anchor, { ...subject, position: [wrong, 0] }] };
    }
  }
}

const MOST_ATTEMPTS = 100;

/** A scene that is wrong by one thing: nothing else of what is wanted is missing. Undefined where that thing is not asked for. */
export function wrongScene(random: Random, wanted: Wanted, fault: Fault, world: PlanOptions = {}): Scene | undefined {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const spoiled = spoil(random, wanted, fault);
    const scene = spoiled && sceneOf(random, spoiled, world);
    // On a diagonal two relations hold, and the wrong one may come with the right one.
    if (scene === undefined || faultOf(sightingOf(scene), wanted) !== undefined) return scene;
  }
  return undefined;
}

/** Rates on pictures of one sort. */
export interface Rates {
  /** Of which pictures: clean renders, or those that have been through the autoencoder, without or with noise on the latents. */
  of: string;
  /** How often a right picture passes. */
  right: Record<GenEvalTag, Estimate>;
  /** How often the kind of a right picture's background is told, and its colours with it. */
  background: Estimate;
  backgroundColors: Estimate;
  /** How often a picture passes that is wrong by one thing. */
  falsePasses: Record<Fault, Estimate>;
}

export interface MeasureOptions {
  seed: number;
  /** Right pictures of each category, and wrong ones of each fault. */
  scenes: number;
  /** Side in pixels of the pictures. */
  size: number;
  /** For the pictures that have been through it; without one, only clean renders are measured. */
  autoencoder?: Autoencoder;
  world?: PlanOptions;
}

/** Standard deviations of the noise put on latents, whose own is near 1. */
const LATENT_NOISE = [0, 0.3, 0.6] as const;

/** Measures a reader on scenes of GenEval's categories, held-out combinations among them. */
export async function measureReader(reader: Looker, options: MeasureOptions): Promise<Rates[]> {
  const { seed, scenes: count, size, autoencoder, world } = options;
  const random = new Random(seed);
  const right = GENEVAL_TAGS.flatMap((tag) =>
    Array.from({ length: count }, () => {
      const scene = planScene(random, { ...world, tasks: [tag], heldOut: "any" });
      return { tag, scene, wanted: wantedOf(scene) };
    }),
  );
  const wrong = FAULTS.flatMap((fault) => {
    const fitting = random.shuffle(right.filter(({ wanted }) => spoil(new Random(0), wanted, fault) !== undefined));
    return fitting.slice(0, count).map(({ wanted }) => {
      return { fault, wanted, scene: wrongScene(random, wanted, fault, world)! };
    });
  });
  const scenes = [...right, ...wrong].map(({ scene }) => scene);
  const clean = drawPictures(scenes, size);
  const rates = async (of: string, pictures: readonly Picture[]): Promise<Rates> => {
    const seen = await reader.look(pictures);
    const passes = [...right, ...wrong].map(({ wanted }, i) => faultOf(seen[i], wanted) === undefined);
    const among = (holds: (index: number) => boolean, value: (index: number) => boolean): Estimate =>
      estimate(scenes.flatMap((_, i) => (holds(i) ? [value(i) ? 1 : 0] : [])));
    const byName = <Name extends string>(names: readonly Name[], estimateOf: (name: Name) => Estimate) =>
      Object.fromEntries(names.map((name) => [name, estimateOf(name)])) as Record<Name, Estimate>;
    return {
      of,
      right: byName(GENEVAL_TAGS, (tag) =>
        among(
          (i) => right[i]?.tag === tag,
          (i) => passes[i],
        ),
      ),
      background: among(
        () => true,
        (i) => seen[i].background.kind === scenes[i].background.kind,
      ),
      backgroundColors: among(
        () => true,
        (i) => isBackground(seen[i], scenes[i].background),
      ),
      falsePasses: byName(FAULTS, (fault) =>
        among(
          (i) => wrong[i - right.length]?.fault === fault,
          (i) => passes[i],
        ),
      ),
    };
  };
  const measured = [await rates("clean renders", clean)];
  if (autoencoder === undefined) return measured;
  for (const deviation of LATENT_NOISE) {
    const of = deviation === 0 ? "through the autoencoder" : `with latent noise ${deviation}`;
    measured.push(await rates(of, await throughAutoencoder(autoencoder, clean, deviation, random)));
  }
  return measured;
}
