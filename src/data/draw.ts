import { UserError } from "../errors.ts";
import { hasGround, paintBackground } from "./backgrounds.ts";
import { applyFilter } from "./filters.ts";
import { Pixmap } from "./pixmap.ts";
import { boxOf, type Scene } from "./scene.ts";
import { spriteFor } from "./sprites.ts";

const LARGEST_PICTURE = 4096;

/**
 * Draws a scene, antialiased, at any size; the same scene always gives the same bytes.
 *
 * @param size side in pixels, 8 to 4096
 * @returns RGB, [size, size, 3]
 */
export function drawScene(scene: Scene, size: number): Uint8Array {
  if (!Number.isInteger(size) || size < 8 || size > LARGEST_PICTURE) {
    throw new UserError(`A picture's side must be a whole number of pixels from 8 to ${LARGEST_PICTURE}, not ${size}.`);
  }
  const pixmap = new Pixmap(size);
  paintBackground(pixmap, scene.background);
  const placed = scene.objects.map((object) => ({ object, box: boxOf(object) }));
  // What stands lower in the picture stands nearer, and is drawn over the rest.
  placed.sort((a, b) => a.box.bottom - b.box.bottom);
  for (const { object, box } of placed) {
    const width = box.right - box.left;
    if (hasGround(scene.background.kind)) {
      const radius = (width / 2) * 0.95;
      const depth = Math.max(1 / 64, radius * 0.2);
      pixmap.shade(object.x, box.bottom + (object.lift ?? 0) - depth * 0.25, radius, depth);
    }
    const sprite = spriteFor(object.icon, object.color, object.size * size, object.rainbow);
    pixmap.drawSprite(sprite, box.left, box.top, width, box.bottom - box.top, object.flip);
  }
  const bytes = pixmap.bytes();
  return scene.filter === undefined ? bytes : applyFilter(bytes, size, scene.filter);
}
