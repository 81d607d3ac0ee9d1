/** What a picture shows, as plain data: enough to draw it, to describe it, and to know what is true of it. */
import type { Background } from "./backgrounds.ts";
import { backgroundColorAt, hasGround } from "./backgrounds.ts";
import { type ColorName, colorDistance } from "./colors.ts";
import type { Filter } from "./filters.ts";
import type { Style } from "./objects.ts";
import type { Box } from "./relations.ts";
import { iconShape, meanColor } from "./sprites.ts";

/** GenEval's six categories and dense descriptions. */
export const TASKS = ["single_object", "two_object", "counting", "colors", "position", "color_attr", "dense"] as const;
export type Task = (typeof TASKS)[number];

/** Lengths and positions are relative to the picture's side, (0, 0) being the top left corner. */
export interface SceneObject {
  /** What it is called, one of `OBJECT_NAMES` (or of the posed things that some edits show). */
  name: string;
  /** `set:name` of the icon that draws it. */
  icon: string;
  style: Style;
  /** One of the ten, or null for its natural look, of which no colour is ever said. */
  color: ColorName | null;
  /** Longer side. */
  size: number;
  /** Centre. */
  x: number;
  y: number;
  /** Mirrored left to right. */
  flip: boolean;
  /**
   * Painted in all hues or all of the ten colours at once, or in one that none of the ten means, as follows from this number (0 to 1):
   * what it is can then be told by its shape alone. Its `color` is null, and none is said.
   */
  rainbow?: number;
  /** How far it hovers above its shadow, when it jumps. */
  lift?: number;
}

export interface Scene {
  /** What the scene was planned as; an edit keeps its source's. */
  task: Task;
  objects: SceneObject[];
  background: Background;
  /** A filter over the whole picture. */
  filter?: Filter;
}

/** Where an object's visible outline lies. */
export function boxOf(object: SceneObject): Box {
  const shape = iconShape(object.icon);
  const [halfWidth, halfHeight] = [(object.size * shape.width) / 2, (object.size * shape.height) / 2];
  return {
    left: object.x - halfWidth,
    top: object.y - halfHeight,
    right: object.x + halfWidth,
    bottom: object.y + halfHeight,
  };
}

/** Moves an object up or down until its bottom lies at a height. */
export function standAt(object: SceneObject, bottom: number): void {
  object.y = bottom - (object.size * iconShape(object.icon).height) / 2;
}

/** Objects keep at least this far from each other, sideways or in height. */
export const GAP = 0.015;
/** Objects keep at least this far from the frame. */
export const MARGIN = 0.02;
/** An object's bottom lies at least this far below the horizon. */
export const FOOTING = 0.04;

function overlap(a: Box, b: Box): boolean {
  const near = GAP - 1e-9;
  return a.left < b.right + near && b.left < a.right + near && a.top < b.bottom + near && b.top < a.bottom + near;
}

/** The least colour distance between an object and what lies behind it. */
const LEAST_CONTRAST = 70;

/** Whether an object's mean colour stands out from the background, behind its middle and its feet. */
export function standsOut(object: SceneObject, background: Background): boolean {
  const color = meanColor(object.icon, object.color);
  const bottom = Math.min(0.99, boxOf(object).bottom);
  return [object.y, bottom].every(
    (height) => colorDistance(color, backgroundColorAt(background, height)) > LEAST_CONTRAST,
  );
}

/** Whether a scene can be seen for what it is: all inside the frame, apart, standing on the ground, and standing out. */
export function isClear(scene: Scene): boolean {
  const boxes = scene.objects.map(boxOf);
  const { background } = scene;
  const edge = MARGIN - 1e-9;
  return scene.objects.every((object, index) => {
    const box = boxes[index];
    if (box.left < edge || box.top < edge || box.right > 1 - edge || box.bottom > 1 - edge) return false;
    const feet = box.bottom + (object.lift ?? 0);
    if (hasGround(background.kind) && feet < (background.horizon ?? 0) + FOOTING - 1e-9) return false;
    if (boxes.some((other, at) => at > index && overlap(box, other))) return false;
    return standsOut(object, background);
  });
}
