/** How many pictures a second the picture world makes on one core: `npx tsx bench/world.ts [pictures] [size]`. */
import { drawScene } from "../src/data/draw.ts";
import { planScene } from "../src/data/planning.ts";
import type { Scene } from "../src/data/scene.ts";
import { Random } from "../src/random.ts";
import { machineLine } from "./machine.ts";

const count = Number(process.argv[2] ?? 3000);
const size = Number(process.argv[3] ?? 64);

/** Seconds that an action takes. */
function time(action: () => void): number {
  const start = performance.now();
  action();
  return (performance.now() - start) / 1000;
}

function plan(seed: number): Scene[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => planScene(random));
}

/** Plans and draws; the first run also renders the sprites it needs. */
function planAndDraw(seed: number): void {
  const random = new Random(seed);
  for (let picture = 0; picture < count; picture++) drawScene(planScene(random), size);
}

const cold = time(() => planAndDraw(1));
let scenes: Scene[] = [];
const planning = time(() => {
  scenes = plan(1);
});
const drawing = time(() => {
  for (const scene of scenes) drawScene(scene, size);
});
const both = time(() => planAndDraw(1));

const rate = (seconds: number) => Math.round(count / seconds).toLocaleString("en");
console.log(`${count} pictures of ${size} by ${size} pixels, all tasks, one core`);
console.log(`first run, rendering sprites  ${cold.toFixed(1)} s`);
console.log(`plan                          ${rate(planning)} pictures/s`);
console.log(`draw                          ${rate(drawing)} pictures/s`);
console.log(`plan and draw                 ${rate(both)} pictures/s`);
console.log(machineLine("@resvg/resvg-js"));
