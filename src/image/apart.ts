import type { Region } from "./cut-out.ts";

/** Each round moves what still lies one over the other; what has no room is left as it is in the end. */
const ROUNDS = 50;

/** Regions moved sideways, up or down, as little as it takes, until none lies over another, and none out of the picture. */
export function movedApart(regions: readonly Region[]): Region[] {
  const moved = regions.map((region) => moveBy(region, 0, 0));
  for (let round = 0; round < ROUNDS; round++) {
    let isApart = true;
    for (let i = 0; i < moved.length; i++) {
      for (let j = i + 1; j < moved.length; j++) {
        const [x, y] = [overlap(moved[i], moved[j], "left", "right"), overlap(moved[i], moved[j], "top", "bottom")];
        if (x === 0 || y === 0) continue;
        isApart = false;
        const isSideways = Math.abs(x) < Math.abs(y);
        const [dx, dy] = isSideways ? [x / 2, 0] : [0, y / 2];
        moved[i] = moveBy(moved[i], -dx, -dy);
        moved[j] = moveBy(moved[j], dx, dy);
      }
    }
    if (isApart) break;
  }
  return moved;
}

/** How far the second has to go along an axis, to its own side, to leave the first; 0 where it does not reach it. */
function overlap(a: Region, b: Region, start: "left" | "top", end: "right" | "bottom"): number {
  const shared = Math.min(a[end], b[end]) - Math.max(a[start], b[start]);
  if (shared < LEAST) return 0;
  return a[start] + a[end] <= b[start] + b[end] ? shared : -shared;
}

/** What shares less is apart. */
const LEAST = 1e-6;

/** A region that has moved, but not out of the picture. */
function moveBy({ left, top, right, bottom }: Region, x: number, y: number): Region {
  const dx = Math.max(-left, Math.min(1 - right, x));
  const dy = Math.max(-top, Math.min(1 - bottom, y));
  return { left: left + dx, top: top + dy, right: right + dx, bottom: bottom + dy };
}
