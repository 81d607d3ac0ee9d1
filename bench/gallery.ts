/**
 * Draws the README's sheet with a model: pictures from words, edits beside their sources, and what the model says it sees. Nothing is
 * chosen by hand: picture i has seed i. `npx tsx bench/gallery.ts [model folder] [file.png]`
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { nameOf } from "../src/data/captions.ts";
import { drawScene, planScene } from "../src/data/index.ts";
import { exhibitSheet } from "../src/evaluation/sheet.ts";
import { SINGLES } from "../src/evaluation/suites/objects-tasks.ts";
import type { Exhibit } from "../src/evaluation/suites/suite.ts";
import { picture } from "../src/image/index.ts";
import { UniPic } from "../src/index.ts";
import { Random } from "../src/random.ts";

const [folder, file = "docs/images/unipic-mini.png"] = process.argv.slice(2);
const PROMPTS = [
  "a red car on the grass",
  "a blue bird",
  "a yellow bus on a road",
  "a green apple in the snow",
  "a purple umbrella on a sandy beach",
  "a pizza on a wooden table",
  "a black cat at night",
  "an orange teddy bear",
  "a donut on a plain pink background",
  "a brown dog on the grass",
  "two clocks in the snow",
  "three bananas on a plain blue background",
  "four teddy bears on the grass",
  "a pizza and a dining table in a room",
  "a traffic light to the left of a car on a road",
  "a kite above a boat on a sandy beach",
  "a dog and a cat on the grass",
  "a blue car and a yellow bus on a road",
  "a red apple and a green cup on a wooden table",
  "a pink vase and a black clock on a plain white background",
];
const EDITS = 5;

const model = await UniPic.load(folder);
const exhibits: Exhibit[] = [];
for (const [seed, prompt] of PROMPTS.entries()) {
  const pictures = await model.generate(prompt, { seed });
  const seen = await model.describe(pictures[0]);
  exhibits.push({ test: "draw", pictures, task: prompt, outcome: `seen: ${seen}` });
}
const random = new Random(11);
for (let seed = 0; seed < EDITS; seed++) {
  const scene = planScene(random, { ...SINGLES, tasks: ["colors"], backgrounds: ["plain", "grass", "beach"] });
  const size = model.config.mar.img_size;
  const source = picture(size, size, drawScene(scene, size));
  const instruction =
    seed % 2 === 0
      ? `Change the color of the ${nameOf(scene.objects[0])} to ${random.pick(["red", "blue", "green", "yellow"])}.`
      : "Change the background so that the scene is in the snow.";
  const [edited] = await model.edit(source, instruction, { seed });
  const seen = await model.describe(source);
  exhibits.push({
    test: "edit",
    pictures: [source, edited],
    task: instruction,
    outcome: `the left one, seen: ${seen}`,
  });
}
await mkdir(dirname(file), { recursive: true });
await writeFile(file, await exhibitSheet(exhibits));
console.log(`Wrote ${file}.`);
