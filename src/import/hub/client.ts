import { UserError } from "../../errors.ts";
import type { HubPlace } from "./environment.ts";
import { ERROR_HEADER, hubFailure } from "./failures.ts";

/** A file of a repository. */
export interface HubFile {
  /** Path within the repository. */
  path: string;
  /** Bytes. */
  size: number;
  /** How its contents are known to be right: SHA-256 of large files, git's SHA-1 of small ones. It names the file in the cache, too. */
  hash: string;
}

/** A repository as it stood at one commit. */
export interface HubSnapshot {
  repo: string;
  commit: string;
  files: HubFile[];
}

/** Files of one repository that are listed at most: a listing goes on for as long as the Hub says that there is more. */
const MOST_FILES = 10_000;

/** Asks the Hub about one repository, with errors that say what to do. */
export class HubClient {
  /** The last `X-Error-Code` that the Hub answered with. */
  #code: string | undefined;

  /** @throws UserError when the name cannot be a repository's */
  constructor(
    private readonly place: HubPlace,
    readonly repo: string,
    readonly revision: string,
    private readonly signal?: AbortSignal,
  ) {
    if (!/^[\w.-]+(\/[\w.-]+)?$/.test(repo) || repo.startsWith(".")) {
      throw new UserError(`"${repo}" is not the name of a model on the Hub, such as Skywork/Skywork-UniPic-1.5B.`);
    }
    if (!/^[\w./-]+$/.test(revision) || revision.split("/").includes("..")) {
      throw new UserError(`"${revision}" is not a branch, a tag or a commit.`);
    }
  }

  /** The commit that the revision means, and its files. */
  snapshot(): Promise<HubSnapshot> {
    return this.#asking(async () => {
      const { listFiles, modelInfo } = await import("@huggingface/hub");
      const common = this.#common();
      const { sha } = await modelInfo({
        ...common,
        name: this.repo,
        revision: this.revision,
        additionalFields: ["sha"],
      });
      if (!/^[0-9a-f]{40}$/.test(sha))
        throw new UserError(`The Hub at ${this.place.hubUrl} gave no commit for "${this.repo}".`);
      const files: HubFile[] = [];
      for await (const entry of listFiles({ ...common, repo: this.repo, revision: sha, recursive: true })) {
        if (files.length >= MOST_FILES)
          throw new UserError(`"${this.repo}" has more than ${MOST_FILES} files, so it is no model.`);
        if (entry.type !== "file") continue;
        const { path, size } = entry;
        files.push({ path, size, hash: entry.lfs?.oid ?? entry.oid ?? "" });
      }
      return { repo: this.repo, commit: sha, files };
    });
  }

  /** The bytes of a file from byte `start` on. */
  async *bytes({ path }: HubFile, commit: string, start: number): AsyncGenerator<Uint8Array> {
    const { downloadFile } = await import("@huggingface/hub");
    const blob = await this.#asking(() => downloadFile({ ...this.#common(), repo: this.repo, path, revision: commit }));
    if (!blob) throw new UserError(`"${path}" is no longer in "${this.repo}".`);
    const stream = (start > 0 ? blob.slice(start) : blob).stream();
    yield* stream as unknown as AsyncIterable<Uint8Array>;
  }

  /** What an error of {@link bytes} means. */
  failure(error: unknown): unknown {
    this.signal?.throwIfAborted();
    const { hubUrl, token } = this.place;
    const { repo, revision } = this;
    return hubFailure(error, { repo, revision, hubUrl, hasToken: token !== undefined }, this.#code);
  }

  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw this.failure(error);
    }
  }

  #common() {
    const { hubUrl, token } = this.place;
    return { hubUrl, ...(token === undefined ? {} : { accessToken: token }), fetch: this.#fetch };
  }

  /** As `fetch`, but it stops with the signal, keeps the Hub's error code, and refuses a whole file where a part was asked for. */
  #fetch: typeof fetch = async (input, init) => {
    const answer = await fetch(input, { ...init, signal: this.signal });
    this.#code = answer.ok ? undefined : (answer.headers.get(ERROR_HEADER) ?? undefined);
    const range = new Headers(init?.headers).get("Range");
    if (answer.ok && range !== null && !range.startsWith("bytes=0-") && answer.status !== 206) {
      throw new UserError(`The Hub at ${this.place.hubUrl} cannot go on with a download; remove its .incomplete file.`);
    }
    return answer;
  };
}
