import {
  type ChangedThing,
  drawScene,
  type Edit,
  type EditOptions,
  knownChanges,
  planEdit,
  type Scene,
  type SceneObject,
  type Span,
  standAt,
} from "../data/index.ts";
import { CHANGE_NUMBERS, CHANGES_KNOWN, type ChangeNumber } from "../models/changing.ts";
import { sourceFeatures, type UniPicConfig } from "../models/config.ts";
import { POSE_SIDE } from "../models/posing.ts";
import type { Random } from "../random.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import { editPrompt } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { type Batch, visionPixels } from "./batches.ts";
import { drawAlone } from "./draw-alone.ts";
import { pixelArray } from "./pixel-array.ts";
import { edgesOf, isOnFirst } from "./things-alone.ts";
import { pad } from "./token-rows.ts";
import { isOfSpan, tokenSpans } from "./token-spans.ts";

/** What differs by no more than this, of 255, is no shadow. */
const SHADOW = 2;

/**
 * What changing things in place learns from: `ids` [batch, length] of edits' prompts and what is `known` of every token [batch, length, CHANGES_KNOWN], see `changesLoss` in
 * models/changing.ts; of one thing that changes, or that something new is put beside, the tokens that name it, `thing`, and those that name the `color` it gets, [batch, length];
 * whether there `is_there` one, and it `is_painted` or `is_posed`, [batch, 1]; whether the edit `is_look`, [batch, 1]; where the thing is, `truth` [batch, 2, side, side], see `findThing`; its
 * other pose, `posed` [batch, 3, POSE_SIDE, POSE_SIDE], and how much of each pixel is its, `outline` [batch, 1, POSE_SIDE, POSE_SIDE], see `DrawnPose`; whether something new `is_placed`,
 * [batch, 1], and its `box` [batch, 4], see `place`; and the `source`, its `background` alone and the `target`, [batch, 3, side, side], with `vision_pixels` for the tower.
 */
export function changingInputs(
  config: UniPicConfig,
  tokenizer: Tokenizer,
  count: number,
  options: EditOptions,
  random: Random,
): Batch {
  const edits = Array.from({ length: count }, () => planEdit(random, options));
  const prompts = edits.map(({ instruction }) => editPrompt(instruction, sourceFeatures(config)));
  const { rows, lengths, shape } = pad(prompts.map((prompt) => tokenizer.encode(prompt)));
  const [, length] = shape;
  const size = config.mar.img_size;
  const area = size * size;
  const sources = edits.map(({ source }) => drawScene(source, size));
  const said = new Float32Array(count * length * CHANGES_KNOWN);
  const [thing, color] = [new Float32Array(count * length), new Float32Array(count * length)];
  const truth = new Float32Array(count * 2 * area);
  const changed = edits.map((edit, row) => {
    const { things, fresh, beside, restStays } = knownChanges(edit);
    const chosen = things.length > 0 ? random.pick(things) : undefined;
    const isPlaced = fresh !== undefined && (beside !== undefined || !things.some(({ goes }) => goes));
    const sought = isPlaced ? beside : chosen;
    if (sought) truth.set(whereIs(edit, sought.object, sources[row], size), row * 2 * area);
    const begin = prompts[row].lastIndexOf(edit.instruction);
    const spans = tokenSpans(tokenizer, rows[row].slice(0, lengths[row]));
    spans.forEach((token, at) => {
      const isOf = (span?: Span) => isOfSpan(token, span, begin);
      const own = things.find(isOf);
      const numbers: Partial<Numbers> = own
        ? { ...numbersOf(own), restStays }
        : isOf(fresh)
          ? { isNew: true, onFirst: fresh && isOnFirst(fresh.object), restStays }
          : { isColor: things.some((other) => isOf(other.color)), isBeside: isOf(beside) };
      said.set([1, ...CHANGE_NUMBERS.map((name) => Number(numbers[name] ?? 0))], (row * length + at) * CHANGES_KNOWN);
      if (isOf(sought)) thing[row * length + at] = 1;
      if (isOf(chosen?.color)) color[row * length + at] = 1;
    });
    return { chosen, sought, placed: isPlaced ? fresh.object : undefined };
  });
  const draw = (scene: (edit: Edit) => Scene) =>
    pixelArray(
      edits.map((edit) => drawScene(scene(edit), size)),
      size,
    );
  return {
    ids: hostArray("int64", shape, rows.flat()),
    known: hostArray("float32", [...shape, CHANGES_KNOWN], said),
    thing: hostArray("float32", shape, thing),
    color: hostArray("float32", shape, color),
    is_there: flags(changed.map(({ sought }) => sought !== undefined)),
    is_painted: flags(changed.map(({ chosen }) => chosen?.color !== undefined)),
    is_look: flags(edits.map(({ target }) => target.filter !== undefined)),
    ...posedInputs(changed.map(({ chosen }) => chosen?.posed)),
    ...placedInputs(changed.map(({ placed }) => placed)),
    truth: hostArray("float32", [count, 2, size, size], truth),
    source: pixelArray(sources, size),
    background: draw(({ source }) => ({ ...source, objects: [] })),
    target: draw(({ target }) => target),
    vision_pixels: visionPixels(config, sources),
  };
}

type Numbers = Record<ChangeNumber, number | boolean>;

const numbersOf = (thing: ChangedThing): Partial<Numbers> => ({
  isThing: true,
  goes: thing.goes,
  alone: thing.alone,
  recolors: thing.color !== undefined,
  mirrors: thing.mirrors,
  poses: thing.posed !== undefined,
  logScale: Math.log(thing.scale),
  lift: thing.lift,
});

/** 1 for what is so, 0 for what is not: [batch, 1]. */
const flags = (are: readonly boolean[]): HostArray => hostArray("float32", [are.length, 1], are.map(Number));

/** Where something new goes: nowhere, where nothing does. */
function placedInputs(things: readonly (SceneObject | undefined)[]): Batch {
  const edges = things.flatMap((object) => (object ? edgesOf(object) : [0, 0, 0, 0]));
  return {
    is_placed: flags(things.map((object) => object !== undefined)),
    box: hostArray("float32", [things.length, 4], edges),
  };
}

/** What things are to look like that take another pose: nothing, where one does not. */
function posedInputs(poses: readonly (SceneObject | undefined)[]): Batch {
  const size = POSE_SIDE;
  const drawn = poses.map((object) => {
    if (!object) return { share: new Float32Array(size * size), colors: new Uint8Array(size * size * 3) };
    const large = { ...object, size: 1, x: 0.5 };
    standAt(large, 1);
    return drawAlone(large, size);
  });
  const outline = new Float32Array(poses.length * size * size);
  drawn.forEach(({ share }, row) => {
    outline.set(share, row * size * size);
  });
  return {
    is_posed: flags(poses.map((object) => object !== undefined)),
    outline: hostArray("float32", [poses.length, 1, size, size], outline),
    posed: pixelArray(
      drawn.map(({ colors }) => colors),
      size,
    ),
  };
}

/**
 * How much of every pixel is the thing's, and whether it or its shadow shows there: two planes.
 * @param whole the source as it is drawn
 */
function whereIs({ source }: Edit, object: SceneObject, whole: Uint8Array, size: number): Float32Array {
  const area = size * size;
  const without = drawScene({ ...source, objects: source.objects.filter((other) => other !== object) }, size);
  const planes = new Float32Array(2 * area);
  planes.set(drawAlone(object, size).share);
  for (let pixel = 0; pixel < area; pixel++) {
    const at = pixel * 3;
    const isTouched = [0, 1, 2].some((channel) => Math.abs(whole[at + channel] - without[at + channel]) > SHADOW);
    planes[area + pixel] = isTouched ? 1 : 0;
  }
  return planes;
}
