import { stat } from "node:fs/promises";
import { openWeights } from "../../checkpoint/index.ts";
import { checkPlace, requireRoom } from "../../checkpoint/staged-folder.ts";
import { UserError } from "../../errors.ts";
import { writeImport } from "../import-model.ts";
import { findLayout, MODEL_FILES } from "../layout.ts";
import { type ImportReport, planImport } from "../plan.ts";
import type { WriteFolderOptions } from "../write-model-folder.ts";
import { HubCache } from "./cache.ts";
import { HubClient, type HubFile, type HubSnapshot } from "./client.ts";
import { download } from "./download.ts";
import { type HubPlace, hubPlace } from "./environment.ts";
import { type NeededParts, neededFiles } from "./needed-files.ts";

/** How far the download is, in bytes. */
export interface DownloadProgress {
  done: number;
  total: number;
  /** The file that is being fetched. */
  file: string;
}

export interface PullOptions extends WriteFolderOptions {
  /** A branch, a tag or a commit. Default "main". */
  revision?: string;
  /** Where to fetch from and keep things; what is not given is read from the environment. */
  place?: Partial<HubPlace>;
  onDownload?: (progress: DownloadProgress) => void;
}

/**
 * Fetches a model's official files from the Hugging Face Hub into the Hub's cache, going on with what is there already, and imports them.
 * Weights of the language model's and the tower's own folders are fetched only where the model's own file lacks them.
 *
 * @param repo such as "Skywork/Skywork-UniPic-1.5B"
 * @param to the model folder, which must not be there yet
 * @throws UserError when the Hub cannot be reached, there is no such model, or it cannot be imported
 */
export async function pullModel(repo: string, to: string, options: PullOptions = {}): Promise<ImportReport> {
  const { revision = "main", signal } = options;
  const place = { ...(await hubPlace()), ...options.place };
  const client = new HubClient(place, repo, revision, signal);
  await checkPlace(to);
  const cache = await HubCache.of(place.cacheDir, repo);
  const folder = place.isOffline ? await offlineSnapshot(client, cache) : await fetchAll(client, cache, options);
  const plan = await planImport(folder);
  try {
    await writeImport(plan, to, repo, options);
    return plan.report;
  } finally {
    await plan.close();
  }
}

/** The folder of what was fetched earlier. */
async function offlineSnapshot({ repo, revision }: HubClient, cache: HubCache): Promise<string> {
  const commit = await cache.recall(revision);
  const folder = commit && cache.snapshot(commit);
  if (folder && (await stat(folder).catch(() => undefined))?.isDirectory()) return folder;
  throw new UserError(`"${repo}" was not fetched before, and HF_HUB_OFFLINE is set; unset it to fetch the model.`);
}

async function fetchAll(client: HubClient, cache: HubCache, options: PullOptions): Promise<string> {
  const snapshot = await client.snapshot();
  const folder = cache.snapshot(snapshot.commit);
  const first = neededFiles(snapshot.files, { languageModel: false, tower: false });
  if (!first.some(({ path }) => MODEL_FILES.includes(path))) {
    throw new UserError(`"${client.repo}" has no pytorch_model.bin or model.safetensors, whole or in shards.`);
  }
  await cache.remember(client.revision, snapshot.commit);
  await fetchFiles(client, cache, snapshot, first, options);
  const parts = await lackingParts(folder);
  await fetchFiles(client, cache, snapshot, neededFiles(snapshot.files, parts), options);
  return folder;
}

/** Which parts the model's own file leaves to other files. */
async function lackingParts(folder: string): Promise<NeededParts> {
  const file = await openWeights((await findLayout(folder)).main);
  try {
    const has = (part: string) => [...file.tensors.keys()].some((name) => name.startsWith(part));
    return { languageModel: !has("llm."), tower: has("siglip2_proj.") && !has("siglip2.") };
  } finally {
    await file.close();
  }
}

async function fetchFiles(
  client: HubClient,
  cache: HubCache,
  { commit }: HubSnapshot,
  files: readonly HubFile[],
  { signal, onDownload }: PullOptions,
): Promise<void> {
  const missing: HubFile[] = [];
  for (const file of files) if (!(await cache.has(file, commit))) missing.push(file);
  if (missing.length === 0) return;
  const total = missing.reduce((sum, { size }) => sum + size, 0);
  await requireRoom(await cache.makeRoot(), total, "What is still to be fetched");
  let done = 0;
  for (const file of missing) {
    signal?.throwIfAborted();
    const blob = cache.blob(file);
    const onBytes = (count: number) => {
      done += count;
      onDownload?.({ done, total, file: file.path });
    };
    const there = await stat(blob).catch(() => undefined);
    if (there?.size === file.size) onBytes(file.size);
    else await download(client, file, commit, blob, onBytes);
    await cache.place(file, commit);
  }
}
