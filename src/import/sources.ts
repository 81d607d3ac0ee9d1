/** The tensors of official files under the names of a model folder. */
import { open, stat } from "node:fs/promises";
import { basename, relative } from "node:path";
import { openWeights, type StreamedTensor, type WeightsFile } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import type { OfficialLayout } from "./layout.ts";
import { type FileKind, folderName } from "./names.ts";

/** A tensor of an official file. */
export interface SourceTensor {
  /** What a model folder calls it. */
  name: string;
  /** What its file calls it. */
  original: string;
  /** The file, or the index of its shards, within the folder that is imported. */
  file: string;
  tensor: StreamedTensor;
}

/** The open files of a layout. */
export interface Sources {
  tensors: Map<string, SourceTensor>;
  /** Files that are there but were not read, and why. */
  unread: { file: string; why: string }[];
  close(): Promise<void>;
}

/**
 * Opens the model's own file, and the files of the parts that it lacks; a part is taken from one file as a whole, as a half of one
 * training and a half of another are no model.
 *
 * @throws UserError when a file is damaged, or two of its tensors would have one name
 */
export async function openSources(layout: OfficialLayout): Promise<Sources> {
  const tensors = new Map<string, SourceTensor>();
  const unread: Sources["unread"] = [];
  const files: WeightsFile[] = [];
  const close = async () => {
    for (const file of files) await file.close();
  };
  const has = (prefix: string) => [...tensors.keys()].some((name) => name.startsWith(prefix));
  const add = async (path: string | undefined, kind: FileKind, prefix = "", needed = true) => {
    if (path === undefined) return;
    const file = relative(layout.folder, path);
    if (prefix !== "" && has(prefix)) {
      unread.push({ file, why: `the model's own file has the ${kind}` });
    } else if (!needed) {
      unread.push({ file, why: "the model's own file has no siglip2_proj, through which it would be read" });
    } else {
      await refusePointer(path);
      const opened = await openWeights(path);
      files.push(opened);
      addAll(tensors, opened, kind, file);
    }
  };
  try {
    await add(layout.main, "model");
    await add(layout.languageModel?.weights, "language model", "llm.");
    await add(layout.tower?.weights, "tower", "siglip2.", has("siglip2_proj."));
    await add(layout.vae, "autoencoder", "vae.");
    return { tensors, unread, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function addAll(tensors: Map<string, SourceTensor>, opened: WeightsFile, kind: FileKind, file: string): void {
  for (const [original, tensor] of opened.tensors) {
    const name = folderName(original, kind);
    if (tensors.has(name)) {
      throw new UserError(`"${opened.path}" has two tensors that would both be named "${name}".`);
    }
    tensors.set(name, { name, original, file, tensor });
  }
}

const POINTER = "version https://git-lfs";

/** A repository that was cloned without Git LFS has a small text in the place of every large file. */
async function refusePointer(path: string): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile() || info.size > 1024) return;
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(POINTER.length), 0, POINTER.length, 0);
    if (buffer.toString("latin1") !== POINTER) return;
  } finally {
    await file.close();
  }
  throw new UserError(
    `"${path}" is a Git LFS pointer and not ${basename(path)} itself: fetch the file with git lfs pull, or with unipic pull.`,
  );
}
