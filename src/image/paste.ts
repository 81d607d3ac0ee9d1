import type { CutOut, Region } from "./cut-out.ts";
import { type Picture, picture } from "./picture.ts";

/** Points along the side of a pixel at which what is pasted is looked up. */
const POINTS = 4;
/** A region without extent cannot be scaled to. */
const LEAST = 1 / 64;

/** Where something is pasted that is to go to a region: so large that its longer side is that of the region, in whose middle it stands, on its bottom; and within the picture. */
export function pastedAt({ region }: Pick<CutOut, "region">, to: Region): Region {
  const scale = Math.min(1, longer(to)) / longer(region);
  const [wide, high] = [(region.right - region.left) * scale, (region.bottom - region.top) * scale];
  const left = within((to.left + to.right - wide) / 2, 1 - wide);
  const top = within(to.bottom - high, 1 - high);
  return { left, top, right: left + wide, bottom: top + high };
}

/** A picture with something pasted onto it, where {@link pastedAt} has it. */
export function paste(onto: Picture, cut: CutOut, to: Region): Picture {
  const { picture: from, mask, region } = cut;
  const { width, height } = onto;
  const { left, top, right, bottom } = pastedAt(cut, to);
  const scale = longer({ left, top, right, bottom }) / longer(region);
  const data = onto.data.slice();
  const [firstRow, lastRow] = [Math.floor(top * height), Math.ceil(bottom * height)];
  const [firstColumn, lastColumn] = [Math.floor(left * width), Math.ceil(right * width)];
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
