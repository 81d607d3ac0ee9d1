import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openCheckpoint } from "../../../src/checkpoint/index.ts";
import { UserError } from "../../../src/errors.ts";
import { hubPlace } from "../../../src/import/hub/environment.ts";
import { type PullOptions, pullModel } from "../../../src/import/hub/pull-model.ts";
import { temporaryFolder } from "../../checkpoint/temporary-folder.ts";
import { sharedFolder } from "../../cli/run-cli.ts";
import { deadAddress, filesOf, type HubRepository, type HubServer, startHub } from "../../helpers/hub-server.ts";
import { writeOfficialLayout } from "../../helpers/official-layout.ts";
import { tinyOfficial, tinyTensors } from "../tiny-official.ts";

const NAME = "Skywork/Tiny";
const [FIRST, SECOND] = ["a".repeat(40), "b".repeat(40)];
const QWEN = "Qwen2.5-1.5B-Instruct";
const SIGLIP = "siglip2-so400m-patch16-512";

let official: Map<string, Buffer>;
let apart: Map<string, Buffer>;
beforeAll(async () => {
  const place = await sharedFolder();
  const tensors = tinyTensors();
  await writeOfficialLayout(join(place, "official"), tensors, tinyOfficial);
  await writeOfficialLayout(join(place, "apart"), tensors, tinyOfficial, { tower: "folder" });
  const more = new Map([
    ["README.md", Buffer.from("a model card")],
    ["images/teaser.png", Buffer.from("a picture")],
    [`${QWEN}/model.safetensors`, Buffer.from("weights that nobody needs")],
  ]);
  official = new Map([...(await filesOf(join(place, "official"))), ...more]);
  apart = await filesOf(join(place, "apart"));
});

const repository = (more: Partial<HubRepository> = {}): HubRepository => ({
  name: NAME,
  revisions: { main: FIRST, [FIRST]: FIRST, "v1/x": SECOND, [SECOND]: SECOND },
  files: official,
  ...more,
});

/** A folder for the cache and the models, and a way to pull into it. */
async function puller(hub: HubServer) {
  const place = await temporaryFolder();
  const cacheDir = join(place, "cache");
  const pull = (to: string, options: PullOptions = {}, repo = NAME) =>
    pullModel(repo, join(place, to), {
      ...options,
      place: { hubUrl: hub.url, cacheDir, token: undefined, isOffline: false, ...options.place },
    });
  const blobs = join(cacheDir, "models--Skywork--Tiny", "blobs");
  return { place, cacheDir, pull, blobs };
}

async function failure(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

describe("pullModel", () => {
  it("fetches what an import needs, imports it, and fetches nothing twice", async () => {
    const hub = await startHub(repository());
    const { place, cacheDir, pull } = await puller(hub);
    const seen: number[] = [];
    const report = await pull("model", { onDownload: ({ done, total }) => seen.push(done / total) });
    expect(report.missing).toEqual([]);
    expect(hub.fetched.sort()).toEqual(
      [
        `${QWEN}/config.json`,
        `${QWEN}/tokenizer.json`,
        `${QWEN}/tokenizer_config.json`,
        "kl16.ckpt",
        "pytorch_model.bin",
        `${SIGLIP}/config.json`,
      ].sort(),
    );
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const reader = await openCheckpoint(join(place, "model"));
    expect(reader.names().sort()).toEqual([...tinyTensors().keys()].sort());
    await reader.close();
    expect(await readFile(join(place, "model", "README.md"), "utf8")).toContain(`# ${NAME}, imported`);

    // As Hugging Face's own programs lay it out.
    const kept = join(cacheDir, "models--Skywork--Tiny");
    expect(await readFile(join(kept, "refs", "main"), "utf8")).toBe(FIRST);
    const snapshot = join(kept, "snapshots", FIRST);
    expect((await readFile(join(snapshot, "kl16.ckpt"))).equals(official.get("kl16.ckpt")!)).toBe(true);
    hub.fetched.length = 0;
    await pull("again");
    expect(hub.fetched).toEqual([]);
    await pull("offline", { place: { isOffline: true, hubUrl: await deadAddress() } });
    expect(await readdir(place)).toEqual(["again", "cache", "model", "offline"]);
  });

  it("fetches the tower's own weights only where the model's file lacks them", async () => {
    const hub = await startHub(repository({ files: apart }));
    const { pull } = await puller(hub);
    const report = await pull("model");
    expect(hub.fetched).toContain(`${SIGLIP}/model.safetensors`);
    expect(report.missing).toEqual([]);
  });

  it("takes up a connection that breaks", async () => {
    const hub = await startHub(repository());
    const { pull } = await puller(hub);
    hub.onContents = (path) => {
      if (path === "pytorch_model.bin" && hub.fetched.length < 7) hub.breakAfter = 100_000;
    };
    await pull("model");
    const parts = hub.fetched.filter((path) => path.startsWith("pytorch_model.bin"));
    expect(parts[0]).toBe("pytorch_model.bin");
    expect(parts.length).toBeGreaterThan(1);
    expect(parts[1]).toMatch(/^pytorch_model\.bin from \d+$/);
  });

  it("goes on with a download that was stopped", async () => {
    const hub = await startHub(repository());
    const { place, pull, blobs } = await puller(hub);
    const controller = new AbortController();
    let pieces = 0;
    const attempt = pull("model", {
      signal: controller.signal,
      onDownload: ({ file }) => {
        // The first call tells what was there already: nothing.
        if (file === "pytorch_model.bin" && ++pieces === 2) controller.abort(new Error("enough"));
      },
    });
    await expect(attempt).rejects.toThrow("enough");
    expect(await readdir(place)).toEqual(["cache"]);
    const [half] = (await readdir(blobs)).filter((name) => name.endsWith(".incomplete"));
    const kept = (await readFile(join(blobs, half))).length;
    expect(kept).toBeGreaterThan(0);
    hub.fetched.length = 0;
    await pull("model");
    expect(hub.fetched).toEqual([`pytorch_model.bin from ${kept}`]);
    expect((await readdir(blobs)).some((name) => name.endsWith(".incomplete"))).toBe(false);
  });

  it("fetches another revision, and sends the token", async () => {
    const hub = await startHub(repository({ token: "hf_secret" }));
    const { cacheDir, pull } = await puller(hub);
    await pull("model", { revision: "v1/x", place: { token: "hf_secret" } });
    expect(await readFile(join(cacheDir, "models--Skywork--Tiny", "refs", "v1", "x"), "utf8")).toBe(SECOND);
    expect([...hub.tokens]).toEqual(["hf_secret"]);
  });
});

describe("a model that cannot be had", () => {
  it("says what to do", async () => {
    const hub = await startHub(repository({ token: "hf_secret" }), repository({ name: "some/gated", isGated: true }));
    const { place, pull } = await puller(hub);
    expect(await failure(pull("m", {}, "no/such"))).toMatch(/^There is no model "no\/such" at .*, or it is private: /);
    expect(await failure(pull("m"))).toMatch(/see that HF_TOKEN holds a token that may read it\.$/);
    expect(await failure(pull("m", { place: { token: "hf_other" } }))).toMatch(/the token in HF_TOKEN may read it\.$/);
    expect(await failure(pull("m", {}, "some/gated"))).toMatch(/"some\/gated" is gated: accept its terms at http/);
    const own = { place: { token: "hf_secret" } };
    expect(await failure(pull("m", { ...own, revision: "v9" }))).toMatch(/"Skywork\/Tiny" has no revision "v9"/);
    expect(await failure(pull("m", { revision: "../../x" }))).toMatch(/is not a branch, a tag or a commit/);
    expect(await failure(pull("m", {}, "../x"))).toMatch(/is not the name of a model on the Hub/);
    expect(await failure(pull("m", { place: { isOffline: true } }))).toMatch(
      /was not fetched before, and HF_HUB_OFFLINE/,
    );
    hub.status = 503;
    expect(await failure(pull("m"))).toMatch(/answered with status 503 .*; try again later/);
    expect(await failure(pull("m", { place: { hubUrl: await deadAddress() } }))).toMatch(
      /could not be reached \(ECONNREFUSED\): check the network, then run the same command again/,
    );
    expect(await readdir(place)).toEqual([]);
  });

  it("throws away what was damaged on its way", async () => {
    const hub = await startHub(repository());
    hub.isLying = true;
    const { place, pull, blobs } = await puller(hub);
    expect(await failure(pull("m"))).toMatch(/"Qwen.*" was damaged on its way and is thrown away/);
    expect(await readdir(blobs)).toEqual([]);
    expect(await readdir(place)).toEqual(["cache"]);
  });

  it("refuses a repository that is no UniPic, and keeps no model folder", async () => {
    const hub = await startHub(repository({ files: new Map([["README.md", Buffer.from("hello")]]) }));
    const { place, pull } = await puller(hub);
    expect(await failure(pull("m"))).toMatch(/"Skywork\/Tiny" has no pytorch_model\.bin or model\.safetensors/);
    expect(await readdir(place)).toEqual([]);
  });

  it("refuses a hash that could lead out of the cache", async () => {
    const files = new Map([["model.safetensors", Buffer.from("x")]]);
    const hub = await startHub(repository({ files }));
    const { pull } = await puller(hub);
    hub.oid = "../../../../evil";
    expect(await failure(pull("m"))).toMatch(/gave no hash for "model\.safetensors"/);
  });
});

describe("hubPlace", () => {
  it("reads the environment", async () => {
    const place = await hubPlace({ HF_ENDPOINT: "http://127.0.0.1:8/x/", HF_TOKEN: " hf_a1 ", HF_HUB_OFFLINE: "YES" });
    expect(place).toMatchObject({ hubUrl: "http://127.0.0.1:8/x", token: "hf_a1", isOffline: true });
    expect(await hubPlace({})).toMatchObject({ hubUrl: "https://huggingface.co", token: undefined, isOffline: false });
  });

  it("refuses what cannot be right", async () => {
    await expect(hubPlace({ HF_ENDPOINT: "file:///etc" })).rejects.toThrow(/HF_ENDPOINT is not an address/);
    await expect(hubPlace({ HF_TOKEN: "password" })).rejects.toThrow(/HF_TOKEN is not a token/);
  });
});
