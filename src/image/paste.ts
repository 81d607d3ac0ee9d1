import type { CutOut, Region } from "./cut-out.ts";
import { type Picture, picture } from "./picture.ts";

/** Points along the side of a pixel at which what is pasted is looked up. */
const POINTS = 4;
/** A region without extent cannot be scaled to. */
const LEAST = 1 / 64;

/**
 * A picture with something pasted onto it, so large that its longer side is that of the region `to`, in whose middle it stands, on its bottom. What would be
 * outside of the picture is moved into it.
 */
export function paste(onto: Picture, { picture: from, mask, region }: CutOut, to: Region): Picture {
  const { width, height } = onto;
  const scale = Math.min(1, longer(to)) / longer(region);
  const [wide, high] = [(region.right - region.left) * scale, (region.bottom - region.top) * scale];
  const left = within((to.left + to.right - wide) / 2, 1 - wide);
  const top = within(to.bottom - high, 1 - high);
  const data = onto.data.slice();
  const [firstRow, lastRow] = [Math.floor(top * height), Math.ceil((top + high) * height)];
  const [firstColumn, lastColumn] = [Math.floor(left * width), Math.ceil((left + wide) * width)];
  for (let y = firstRow; y < Math.min(height, lastRow); y++) {
    for (let x = firstColumn; x < Math.min(width, lastColumn); x++) {
      const color = [0, 0, 0];
      let covered = 0;
      for (let point = 0; point < POINTS ** 2; point++) {
        const [dx, dy] = [(point % POINTS) + 0.5, Math.floor(point / POINTS) + 0.5];
        const u = region.left + ((x + dx / POINTS) / width - left) / scale;
        const v = region.top + ((y + dy / POINTS) / height - top) / scale;
        if (u < region.left || u >= region.right || v < region.top || v >= region.bottom) continue;
        const pixel = Math.floor(v * from.height) * from.width + Math.floor(u * from.width);
        if (mask[pixel] === 0) continue;
        covered++;
        for (let channel = 0; channel < 3; channel++) color[channel] += from.data[pixel * 3 + channel];
      }
      const at = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        data[at + channel] = Math.round((color[channel] + data[at + channel] * (POINTS ** 2 - covered)) / POINTS ** 2);
      }
    }
  }
  return picture(width, height, data);
}

const longer = ({ left, top, right, bottom }: Region): number => Math.max(LEAST, right - left, bottom - top);
const within = (at: number, most: number): number => Math.min(Math.max(0, most), Math.max(0, at));
