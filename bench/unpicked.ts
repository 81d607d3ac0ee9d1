/**
 * Draws the model card's sheet of samples that nobody picked: the first 48 prompts of `world-objects`, picture i with seed i.
 * `npx tsx bench/unpicked.ts [model folder] [file.png]`
 */
import { writeFile } from "node:fs/promises";
import { exhibitSheet } from "../src/evaluation/sheet.ts";
import { planPrompts } from "../src/evaluation/suites/objects-tasks.ts";
import type { Exhibit } from "../src/evaluation/suites/suite.ts";
import { UniPic } from "../src/index.ts";

const COUNT = 48;
/** That of `npm run evaluate`. */
const PROMPTS_SEED = 1;

const [folder, file = "models/unipic-mini/samples.png"] = process.argv.slice(2);
const model = await UniPic.load(folder);
const exhibits: Exhibit[] = [];
for (const [seed, { kind, prompt }] of planPrompts(PROMPTS_SEED, COUNT).entries()) {
  const pictures = await model.generate(prompt, { seed });
  exhibits.push({ test: kind, pictures, task: prompt, outcome: `seed ${seed}, ${kind}` });
}
await writeFile(file, await exhibitSheet(exhibits));
console.log(`Wrote ${file}.`);
