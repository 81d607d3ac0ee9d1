/**
 * Draws the README's sheet with a model: pictures from words with what the model says it sees, and an edit of each type beside its source. Nothing is
 * chosen by hand: picture i has seed i, and so has edit i. `npx tsx bench/gallery.ts [model folder] [file.png]`
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { drawScene, EDIT_TYPES, planEdit } from "../src/data/index.ts";
import { exhibitSheet } from "../src/evaluation/sheet.ts";
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
  "a cat, a dog and a bird on the grass",
  "a red car, a yellow bus, a bicycle and a green bench on a road",
  "The scene is set in the snow. There is a large brown bear at the bottom left. There is a red kite at the top. There is a small blue truck on the right.",
  "The scene is set on a beach. There is a boat at the top left. There is a pink umbrella in the center. There is a small orange at the bottom left. There is a large sheep at the bottom right.",
];

const model = await UniPic.load(folder);
const exhibits: Exhibit[] = [];
for (const [seed, prompt] of PROMPTS.entries()) {
  const pictures = await model.generate(prompt, { seed });
  const seen = await model.describe(pictures[0]);
  exhibits.push({ test: "draw", pictures, task: prompt, outcome: `seen: ${seen}` });
}
const random = new Random(11);
for (const [seed, type] of EDIT_TYPES.entries()) {
  const { source: scene, instruction } = planEdit(random, { types: [type], styles: ["emoji"], mostObjects: 2 });
  const size = model.config.mar.img_size;
  const source = picture(size, size, drawScene(scene, size));
  const [edited] = await model.edit(source, instruction, { seed });
  exhibits.push({ test: "edit", pictures: [source, edited], task: instruction, outcome: type });
}
await mkdir(dirname(file), { recursive: true });
await writeFile(file, await exhibitSheet(exhibits));
console.log(`Wrote ${file}.`);
