import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { onTestFinished } from "vitest";

/** A repository that the server has. */
export interface HubRepository {
  name: string;
  /** Commits by branch, tag or their own hash. */
  revisions: Record<string, string>;
  files: ReadonlyMap<string, Buffer>;
  /** Only who sends this token may read. */
  token?: string;
  /** Its terms have to be accepted first. */
  isGated?: boolean;
}

export interface HubServer {
  url: string;
  /** Paths of the files that were asked for, each with the range, where it is not the first byte alone. */
  fetched: string[];
  /** Tokens that came with requests. */
  tokens: Set<string | undefined>;
  /** Breaks the connection after so many bytes of the next file's contents. */
  breakAfter?: number;
  /** Called when the contents of a file are about to be sent. */
  onContents?: (path: string) => void;
  /** Answers everything with this status. */
  status?: number;
  /** Sends contents other than those that were listed. */
  isLying?: boolean;
  /** Lists every file under this hash. */
  oid?: string;
}

const ENTRIES_A_PAGE = 3;

/** Serves repositories at 127.0.0.1 by the routes of the Hugging Face Hub, until the test ends. */
export async function startHub(...repositories: HubRepository[]): Promise<HubServer> {
  const hub: HubServer = { url: "", fetched: [], tokens: new Set() };
  const server = createServer((request, response) => answer(hub, repositories, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}

function answer(
  hub: HubServer,
  repositories: HubRepository[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = new URL(request.url!, hub.url);
  const token = request.headers.authorization?.replace("Bearer ", "");
  hub.tokens.add(token);
  const fail = (status: number, code: string) =>
    response
      .writeHead(status, { "X-Error-Code": code, "Content-Type": "application/json" })
      .end(JSON.stringify({ error: `${code} as the server puts it` }));
  if (hub.status) return void fail(hub.status, "");
  const repository = repositories.find(({ name }) => url.pathname.match(`^/(api/models/)?${name}/`));
  if (!repository || (repository.token && token !== repository.token)) return void fail(401, "RepoNotFound");
  if (repository.isGated) return void fail(403, "GatedRepo");
  const [kind, revision, ...rest] = url.pathname.split(`${repository.name}/`)[1].split("/").map(decodeURIComponent);
  const commit = repository.revisions[revision];
  if (!commit) return void fail(404, "RevisionNotFound");
  if (kind === "revision") return void send(response, { id: repository.name, _id: "1", sha: commit, siblings: [] });
  if (kind === "tree") return void sendTree(hub, repository, url, response);
  const path = rest.join("/");
  const contents = repository.files.get(path);
  if (kind !== "resolve" || !contents) return void fail(404, "EntryNotFound");
  sendContents(hub, path, contents, request, response);
}

/** A page of the listing, with a link to the next one. */
function sendTree(hub: HubServer, { files }: HubRepository, url: URL, response: ServerResponse): void {
  const first = Number(url.searchParams.get("cursor") ?? 0);
  const entries = [...files].map(([path, contents]) => {
    const oid = createHash("sha1").update(`blob ${contents.length}\0`).update(contents).digest("hex");
    const isLarge = /\.(bin|ckpt|safetensors)$/.test(path);
    const large = {
      oid: hub.oid ?? createHash("sha256").update(contents).digest("hex"),
      size: contents.length,
      pointerSize: 130,
    };
    return { type: "file", path, size: contents.length, oid, ...(isLarge ? { lfs: large } : {}) };
  });
  const next = first + ENTRIES_A_PAGE;
  url.searchParams.set("cursor", String(next));
  const more: Record<string, string> =
    next < entries.length ? { Link: `<${hub.url}${url.pathname}${url.search}>; rel="next"` } : {};
  send(response, [{ type: "directory", path: "somewhere", size: 0, oid: "0" }, ...entries.slice(first, next)], more);
}

function sendContents(
  hub: HubServer,
  path: string,
  contents: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Number(range[2]) : contents.length - 1;
  const headers = {
    ETag: '"etag"',
    "Content-Length": end - start + 1,
    ...(range ? { "Content-Range": `bytes ${start}-${end}/${contents.length}` } : {}),
  };
  response.writeHead(range ? 206 : 200, headers);
  const part = contents.subarray(start, end + 1);
  if (end > 0) {
    hub.fetched.push(start > 0 ? `${path} from ${start}` : path);
    hub.onContents?.(path);
  }
  if (end > 0 && hub.breakAfter !== undefined && part.length > hub.breakAfter) {
    response.write(part.subarray(0, hub.breakAfter), () => setTimeout(() => response.destroy(), 20));
    hub.breakAfter = undefined;
    return;
  }
  response.end(hub.isLying ? Buffer.alloc(part.length, 1) : part);
}

function send(response: ServerResponse, json: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(json));
}

/** An address at which nobody listens. */
export async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** All files of a folder, by their paths in it. */
export async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const contents = paths.map(async (path) => [relative(folder, path), await readFile(path)] as const);
  return new Map(await Promise.all(contents));
}
