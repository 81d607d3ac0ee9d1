/** The cache of Hugging Face's programs: `blobs` by hash, and for each commit a folder in `snapshots` with links to them. */
import { copyFile, link, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { UserError } from "../../errors.ts";
import type { HubFile } from "./client.ts";

export class HubCache {
  private constructor(private readonly root: string) {}

  static async of(cacheDir: string, repo: string): Promise<HubCache> {
    const { getRepoFolderName } = await import("@huggingface/hub");
    return new HubCache(join(cacheDir, getRepoFolderName({ type: "model", name: repo })));
  }

  /**
   * Makes the repository's folder, and returns it.
   *
   * @throws UserError when it cannot be made
   */
  async makeRoot(): Promise<string> {
    await mkdir(this.root, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      throw new UserError(
        `The cache "${this.root}" cannot be written (${error.code}); name another folder in HF_HUB_CACHE.`,
      );
    });
    return this.root;
  }

  /** The folder that a commit's files are in. */
  snapshot(commit: string): string {
    return join(this.root, "snapshots", commit);
  }

  /** Where the contents of a file are kept, wherever it stands in which commit. */
  blob({ hash, path }: HubFile): string {
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) throw new UserError(`The Hub gave no hash for "${path}".`);
    return join(this.root, "blobs", hash);
  }

  /** Whether a file of a commit is complete. */
  async has(file: HubFile, commit: string): Promise<boolean> {
    const found = await stat(join(this.snapshot(commit), file.path)).catch(() => undefined);
    return found?.isFile() === true && found.size === file.size;
  }

  /** Lets a commit have a file whose contents are complete. */
  async place(file: HubFile, commit: string): Promise<void> {
    const at = join(this.snapshot(commit), file.path);
    const blob = this.blob(file);
    await mkdir(dirname(at), { recursive: true });
    await rm(at, { force: true });
    // Windows allows symbolic links only to some; a second name for the same file costs nothing either.
    await symlink(relative(dirname(at), blob), at)
      .catch(() => link(blob, at))
      .catch(() => copyFile(blob, at));
  }

  /** Remembers which commit a branch or a tag means. */
  async remember(revision: string, commit: string): Promise<void> {
    if (revision === commit) return;
    const path = join(this.root, "refs", revision);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, commit);
  }

  /** The commit that a revision meant when it was last fetched; undefined where it never was. */
  async recall(revision: string): Promise<string | undefined> {
    if (/^[0-9a-f]{40}$/.test(revision)) return revision;
    const commit = await readFile(join(this.root, "refs", revision), "utf8").catch(() => "");
    return /^[0-9a-f]{40}$/.test(commit.trim()) ? commit.trim() : undefined;
  }
}
