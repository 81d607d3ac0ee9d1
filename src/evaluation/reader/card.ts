import type { Ceiling } from "../ceiling.ts";
import { ceilingTable, markdownTable } from "../tables.ts";
import type { ReaderConfig } from "./config.ts";

export interface CardFacts {
  seed: number;
  steps: number;
  batch: number;
  seconds: number;
  machine: string;
  /** How many scenes the ceiling was measured on. */
  scenes: number;
}

/** The README of a reader's folder. */
export function readerCard(config: ReaderConfig, facts: CardFacts, ceilings: readonly Ceiling[]): string {
  const { objects, colors, backgrounds, size, least_confidence: least } = config;
  return `# Reader of the picture world

A small convolutional classifier that scores what a small model draws: it tells which of ${objects.length} objects a picture of
${size} by ${size} pixels shows, in which colour (${colors.length - 1} named ones, or the object's natural look), and on which of
${backgrounds.length} kinds of background. An answer less probable than ${least} counts as "cannot be told". It is no general
image classifier: it knows the picture world of this project and nothing else, and pictures of one object only.

## How it was made

\`npm run reader:train\` with seed ${facts.seed}: ${facts.steps} steps of ${facts.batch} pictures, ${Math.round(facts.seconds / 60)} minutes
on ${facts.machine}, in this project's own tensor language (\`src/evaluation/reader/\`). The pictures are scenes of
one object (all styles, mostly "emoji"; sizes 0.4 to 0.9 of the side; every background; combinations held out of the model's
training among them), half of them through the small model's autoencoder with noise on the latents, all with blur, coarsening,
colour shifts, erased patches and noise by chance. Weights are in half precision.

## How well it reads

${facts.scenes} fresh scenes as the benchmark asks for them (\`src/evaluation/tasks.ts\`), half of them with a colour; colour counts
where one was asked for. Clean renders; through the autoencoder; with noise of that deviation on the latents, whose own is near 1;
and clean renders of objects that may stand far from the centre, which are read less well.

${ceilingTable(ceilings, markdownTable)}

## Licences

The weights are under this project's MIT licence. What they have seen was drawn with Noto Emoji (Apache License 2.0), Fluent Emoji
and Fluent Emoji Flat (MIT) and drawings of this project; the notices are in \`NOTICE\` at the root of the repository and go with
the weights.
`;
}
