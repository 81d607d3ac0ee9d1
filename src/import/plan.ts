/** What an import will write, found out before anything is written. */
import {
  expectTensors,
  isFloating,
  isSameTensor,
  type JsonObject,
  readJson,
  type StreamedTensor,
} from "../checkpoint/index.ts";
import { PART_NAMES, type PartSummary, partNameOf, summarizeParts, weightsOf } from "../checkpoint/parts.ts";
import { UserError } from "../errors.ts";
import { allParameters } from "../models/all-parameters.ts";
import { parseConfig, type UniPicConfig } from "../models/config.ts";
import { drawSizeOf, officialSize } from "../models/generation.ts";
import { type TaskState, taskStates } from "../models/task-needs.ts";
import { IMAGE_TOKEN } from "../text/prompts.ts";
import { type TokenizerFiles, withSpecialToken } from "../text/special-token.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { deriveConfig } from "./derive-config.ts";
import { findLayout, type OfficialLayout } from "./layout.ts";
import { isPoolingHead, whyNotNeeded } from "./names.ts";
import { openSources, type Sources, type SourceTensor } from "./sources.ts";

/** What an import does with what it has found. */
export interface ImportReport {
  /** The folder of official files. */
  from: string;
  /** What is taken over, by part, and the files that it comes from. */
  parts: (PartSummary & { files: string[] })[];
  /** What can be asked of the model. */
  tasks: TaskState[];
  /** Tensors that the model would need and that no file has, by part. */
  missing: { part: string; names: string[] }[];
  /** Tensors whose names mean nothing here, as their files call them. */
  unknown: { file: string; names: string[] }[];
  /** Tensors and files that are known and left out, and why. */
  leftOut: { what: string; why: string }[];
  /** What no file says, and is therefore taken to be as in the official model. */
  assumed: string[];
  /** Bytes of all tensors. */
  bytes: number;
}

/** An import that is ready to be written; its files stay open until it is closed. */
export interface ImportPlan {
  report: ImportReport;
  config: UniPicConfig;
  tensors: StreamedTensor[];
  tokenizer: TokenizerFiles;
  /** Side in pixels of the pictures that it draws best. */
  size: number;
  close(): Promise<void>;
}

/**
 * Looks at a folder of official files.
 *
 * @throws UserError when files are missing or damaged, or when nothing could be done with what is there
 */
export async function planImport(folder: string): Promise<ImportPlan> {
  const layout = await findLayout(folder);
  const sources = await openSources(layout);
  try {
    return await plan(layout, sources);
  } catch (error) {
    await sources.close();
    throw error;
  }
}

async function plan(layout: OfficialLayout, sources: Sources): Promise<ImportPlan> {
  const { config, assumed, size } = configOf(layout, sources);
  const leftOut = sources.unread.map(({ file, why }) => ({ what: file, why }));
  const head = await tiedHead(config, sources);
  if (head) leftOut.push(head);

  const needed = new Map([...allParameters(config)].map(([name, { shape }]) => [name, shape as readonly number[]]));
  const all = [...sources.tensors.values()];
  const taken = inPartOrder(all.filter(({ name }) => needed.has(name) || isPoolingHead(name)));
  refuseMisfits(taken, needed, layout.main);
  const rest = all.filter(({ name }) => !needed.has(name) && !isPoolingHead(name));
  leftOut.push(...reasons(rest));
  const shapes = new Map(taken.map(({ name, tensor }) => [name, tensor.shape]));
  const tasks = taskStates(config, shapes);
  if (tasks.every(({ missing }) => missing.length > 0)) {
    const { task, missing } = tasks[0];
    throw new UserError(
      `Nothing could be done with what is in "${layout.folder}": ${task} lacks ${missing.length} tensors, such as ${missing[0]}.`,
    );
  }
  const tensors = taken.map(({ name, tensor: { dtype, shape, pieces } }) => ({ name, dtype, shape, pieces }));
  const parts = summarizeParts(weightsOf(tensors)).map((summary) => ({
    ...summary,
    files: [...new Set(taken.filter(({ name }) => partNameOf(name) === summary.part).map(({ file }) => file))],
  }));
  const missing = [...needed.keys()].filter((name) => !shapes.has(name));
  return {
    config,
    size,
    tokenizer: await tokenizerOf(layout.tokenizer, config),
    tensors,
    close: () => sources.close(),
    report: {
      from: layout.folder,
      parts,
      tasks,
      missing: grouped(missing, partNameOf).map(([part, names]) => ({ part, names })),
      unknown: grouped(
        rest.filter(({ name }) => !isKnown(name)),
        ({ file }) => file,
      ).map(([file, tensors]) => ({
        file,
        names: tensors.map(({ original }) => original),
      })),
      leftOut,
      assumed,
      bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    },
  };
}

/** The configuration in the folder where it is one of ours; else what the tensors and the parts' folders tell. */
function configOf(
  layout: OfficialLayout,
  { tensors }: Sources,
): { config: UniPicConfig; assumed: string[]; size: number } {
  const { folder } = layout;
  if (layout.config?.model_type === "unipic") {
    const config = parseConfig(layout.config, `${folder}/config.json`);
    return { config, assumed: [], size: drawSizeOf(layout.generation, config.mar, folder) };
  }
  const shapes = new Map([...tensors].map(([name, { tensor }]) => [name, tensor.shape]));
  const parts = { languageModel: layout.languageModel?.config, tower: layout.tower?.config };
  const derived = deriveConfig(shapes, parts, `"${layout.main}"`);
  return { ...derived, size: officialSize(derived.config.mar) };
}

const HEAD = "llm.lm_head.weight";
const EMBEDDING = "llm.model.embed_tokens.weight";

/**
 * Decides by the numbers whether the output layer is the embedding once more, as torch files have it, and sets the configuration
 * accordingly; gives what to say where it is left out.
 */
async function tiedHead(
  config: UniPicConfig,
  { tensors }: Sources,
): Promise<{ what: string; why: string } | undefined> {
  const head = tensors.get(HEAD);
  const embedding = tensors.get(EMBEDDING);
  if (!head || !embedding) return undefined;
  config.llm.tie_word_embeddings = await isSameTensor(head.tensor, embedding.tensor);
  if (!config.llm.tie_word_embeddings) return undefined;
  return { what: `${head.original} in ${head.file}`, why: "the same as the embedding" };
}

/** Tensors in the order of their parts, and in each part in that of their file. */
function inPartOrder(tensors: readonly SourceTensor[]): SourceTensor[] {
  const rank = new Map(PART_NAMES.map((part, i) => [part, i]));
  return [...tensors].sort((a, b) => rank.get(partNameOf(a.name))! - rank.get(partNameOf(b.name))!);
}

function refuseMisfits(taken: readonly SourceTensor[], needed: Map<string, readonly number[]>, main: string): void {
  const found = new Map(taken.map(({ name, tensor: { dtype, shape } }) => [name, { dtype, shape }]));
  const expected = new Map([...needed].filter(([name]) => found.has(name)));
  const info = (name: string) => ({ ...found.get(name)!, file: main, offset: 0, length: 0 });
  expectTensors({ has: (name) => found.has(name), info }, expected);
  const odd = taken.find(({ tensor }) => !isFloating(tensor.dtype));
  if (odd)
    throw new UserError(
      `The tensor "${odd.original}" in ${odd.file} holds ${odd.tensor.dtype}, not floating-point numbers.`,
    );
}

const isKnown = (name: string): boolean => name === HEAD || whyNotNeeded(name) !== undefined;

/** A line for each reason to leave tensors out. */
function reasons(rest: readonly SourceTensor[]): { what: string; why: string }[] {
  const explained = rest.flatMap((source) => {
    const why = whyNotNeeded(source.name);
    return why ? [{ source, why }] : [];
  });
  return grouped(explained, ({ source, why }) => `${source.file}\n${why}`).map(([, [first, ...more]]) => {
    const { original, file } = first.source;
    return { what: `${original}${more.length > 0 ? ` and ${more.length} more` : ""} in ${file}`, why: first.why };
  });
}

async function tokenizerOf(folder: string, config: UniPicConfig): Promise<TokenizerFiles> {
  const read = (name: string): Promise<JsonObject> => readJson(`${folder}/${name}`);
  const [tokenizer, settings] = await Promise.all([read("tokenizer.json"), read("tokenizer_config.json")]);
  const { id, ...files } = withSpecialToken({ tokenizer, config: settings }, IMAGE_TOKEN);
  if (id >= config.llm.vocab_size) {
    throw new UserError(
      `The tokenizer in "${folder}" has no room for ${IMAGE_TOKEN}: its id would be ${id}, but the model has ${config.llm.vocab_size} rows.`,
    );
  }
  // Whoever loads the folder reads these files; a tokenizer that cannot be read is better refused now.
  new Tokenizer(files.tokenizer, files.config);
  return files;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups];
}
