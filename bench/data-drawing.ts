/** How fast one core draws the picture world, with the words to it. */
import { readFile } from "node:fs/promises";
import { caption, drawScene, planEdit, planScene } from "../src/data/index.ts";
import { doPictureJob } from "../src/data/sets/picture-jobs.ts";
import { drawWorldSample } from "../src/data/sets/world-samples.ts";
import { Random } from "../src/random.ts";
import { parseTrainConfig } from "../src/training/train-config.ts";

const PLAN = "configs/unipic-mini.json";
const SIZE = 64;

export interface Rate {
  what: string;
  /** Pictures a second of processor time. */
  perCore: number;
}

/** Drawing as training does, so many pictures of each sort; icons have been made ready before, as they are once in a run. */
export async function drawingRates(pictures: number): Promise<Rate[]> {
  const plan = parseTrainConfig(JSON.parse(await readFile(PLAN, "utf8")), PLAN);
  const [{ scenes }] = plan.stages;
  const editing = plan.stages.find(({ batch }) => batch.editing > 0)!;
  const drawn = (options: typeof scenes) => (random: Random) => {
    const scene = planScene(random, options);
    caption(random, scene);
    drawScene(scene, SIZE);
  };
  const edited = (random: Random) => {
    const { source, target } = planEdit(random, { ...editing.scenes, ...editing.edits });
    drawScene(source, SIZE);
    drawScene(target, SIZE);
  };
  return [
    { what: `single objects, as in ${PLAN}, ${SIZE} px`, perCore: await rate(pictures, drawn(scenes)) },
    { what: `the whole world, ${SIZE} px`, perCore: await rate(pictures, drawn({})) },
    { what: `edits, as in ${PLAN}, two pictures each, ${SIZE} px`, perCore: 2 * (await rate(pictures / 2, edited)) },
  ];
}

/** Decoding picture files to squares as training does, the same ones again and again. */
export async function decodingRates(pictures: number): Promise<Rate[]> {
  const rates: Rate[] = [];
  for (const [format, side, size] of [
    ["png", 64, 64],
    ["jpg", 256, 256],
    ["jpg", 512, 256],
  ] as const) {
    const job = { seed: 1, kind: "text-to-image", index: 0, size: side, format } as const;
    const [[, bytes]] = (await drawWorldSample(job)).result;
    const decode = () => doPictureJob({ kind: "prepare", bytes, size, squaring: "crop" });
    rates.push({ what: `${format} of ${side} px to ${size} px`, perCore: await rate(pictures, decode) });
  }
  return rates;
}

/** How often a second of processor time something can be done. */
async function rate(times: number, action: (random: Random) => unknown): Promise<number> {
  let used = 0;
  // The first of the two is not counted.
  for (let turn = 0; turn < 2; turn++) {
    const random = new Random(1);
    const before = process.cpuUsage();
    for (let i = 0; i < times; i++) await action(random);
    const { user, system } = process.cpuUsage(before);
    used = (user + system) / 1e6;
  }
  return times / used;
}
