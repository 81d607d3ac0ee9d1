/** Where a picture comes from, as text entries of its PNG file: enough to draw it again. */
import { basename, resolve } from "node:path";
import { version } from "./version.ts";

export interface Provenance {
  /** The prompt, or the instruction of an edit. */
  words: string;
  seed: number;
  /** The model's folder; only its name goes into the file. */
  model: string;
  settings: Record<string, unknown>;
}

/** What of a request is the same wherever it is drawn again. */
const TOLD = [
  "size",
  "rounds",
  "sampler",
  "steps",
  "guidance",
  "guidanceSchedule",
  "guidanceInterval",
  "tokenCache",
  "conditionCache",
  "cacheRefresh",
  "temperature",
];

/** Text entries for {@link addPngText}: Software, prompt, seed, model and settings, these as JSON. */
export function provenanceEntries({ words, seed, model, settings }: Provenance): Record<string, string> {
  const told = Object.fromEntries(TOLD.filter((name) => name in settings).map((name) => [name, settings[name]]));
  return {
    Software: `unipic ${version()}`,
    prompt: words,
    seed: String(seed),
    model: basename(resolve(model)),
    settings: JSON.stringify(told),
  };
}

/** What a picture's entries say, a line each; whatever a file carries, nothing of it reaches the terminal as a control sequence. */
export function showEntries(path: string, entries: Readonly<Record<string, string>>): string {
  const names = Object.keys(entries);
  if (names.length === 0) return `${path}\nThe picture says nothing about where it comes from.`;
  const width = Math.max(...names.map((name) => plain(name).length));
  return [path, "", ...names.map((name) => `${plain(name).padEnd(width)}  ${plain(entries[name])}`)].join("\n");
}

const plain = (text: string): string => text.replace(/\p{Cc}+/gu, " ");
