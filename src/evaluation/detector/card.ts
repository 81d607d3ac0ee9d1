import { showPercent } from "../estimate.ts";
import { markdownTable, type TableWriter } from "../report.ts";
import type { DetectorConfig } from "./config.ts";
import type { Rates } from "./measure.ts";

export interface CardFacts {
  seed: number;
  steps: number;
  batch: number;
  parameters: number;
  /** Scenes of each category, and of each fault. */
  scenes: number;
}

/** How often right pictures pass, and wrong ones, as two tables. */
export function ratesTables(rates: readonly Rates[], write: TableWriter): string {
  const [first] = rates;
  const table = (corner: string, columns: readonly string[], cells: (rates: Rates) => string[]) =>
    write(
      [corner, ...columns],
      rates.map((each) => [each.of, ...cells(each)]),
    );
  return [
    table("right, and passes", [...Object.keys(first.right), "background", "its colors"], (each) =>
      [...Object.values(each.right), each.background, each.backgroundColors].map(showPercent),
    ),
    table("wrong, and passes", Object.keys(first.falsePasses), (each) =>
      Object.values(each.falsePasses).map(showPercent),
    ),
  ].join("\n\n");
}

/** The README of a detector's folder. */
export function detectorCard(config: DetectorConfig, facts: CardFacts, rates: readonly Rates[]): string {
  const { objects, colors, backgrounds, size } = config;
  return `# Detector of the picture world

The reader behind \`unipic eval\`: a small convolutional network that finds objects in a picture, each with its box, its name out of
${objects.length}, and its colour out of ${colors.length}, and tells which of ${backgrounds.length} kinds of background lies behind them and in which colours. It is a centre-point
detector (arXiv 1904.07850): ${(facts.parameters / 1e6).toFixed(2)} million parameters, pictures of ${size} by ${size} pixels (others are scaled), a heat map of a fourth of the side.
It is no general detector: it knows the picture world of this project and nothing else.

## How it was made

\`npm run detector:train\` with seed ${facts.seed}: ${facts.steps} steps of ${facts.batch} pictures, in this project's own tensor language (\`src/evaluation/detector/\`).
The pictures are scenes of one to four objects of all styles, combinations held out of the models' training among them; a quarter went
through the small model's autoencoder with noise on the latents, all were blurred, coarsened, shifted in colour, patched over and made
noisy by chance. Weights are in half precision.

## How well it reads

By GenEval's rules on ${facts.scenes} fresh scenes of each of its categories and as many that are wrong by one thing; clean renders, the same through the
small model's autoencoder, and with noise of that deviation on the latents, whose own is near 1.

${ratesTables(rates, markdownTable)}

## Licences

The weights are under this project's MIT licence. What they have seen was drawn with Noto Emoji (Apache License 2.0), Fluent Emoji
and Fluent Emoji Flat (MIT) and drawings of this project; the notices are in \`NOTICE\` at the root of the repository and go with
the weights.
`;
}
