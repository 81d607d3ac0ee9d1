import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BuildOptions, buildShards, totals } from "../../../src/data/sets/build.ts";
import { checkSet } from "../../../src/data/sets/check.ts";
import { setSource } from "../../../src/data/sets/set-source.ts";
import { listShards, openSampleSet } from "../../../src/data/sets/shards.ts";
import { setStats } from "../../../src/data/sets/stats.ts";
import { everySample } from "../../../src/data/sets/stream.ts";
import { drawWorldSample } from "../../../src/data/sets/world-samples.ts";
import { type WorldSourceOptions, worldSource } from "../../../src/data/sets/world-source.ts";
import { readPicture } from "../../../src/image/codec.ts";
import { Random } from "../../../src/random.ts";
import { temporaryFolder } from "../../checkpoint/temporary-folder.ts";
import { all, noPicture, plainPng, writeFiles } from "./make-data.ts";

const easy = { tasks: ["colors"], objects: ["car", "apple"], styles: ["emoji"] } as const;
const world = (options: Partial<WorldSourceOptions> = {}) =>
  worldSource({
    kinds: ["text-to-image"],
    count: 5,
    seed: 1,
    size: 16,
    format: "png",
    scenes: easy,
    threads: 0,
    ...options,
  });

/** Files by their place, as they lie. */
async function contents(folder: string): Promise<Record<string, string>> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  return Object.fromEntries(
    await Promise.all(
      paths.map(async (path) => [path.slice(folder.length + 1), (await readFile(path)).toString("base64")]),
    ),
  );
}

describe("shards of the picture world", () => {
  it("hold each kind in its folder, the same for the same seed, and nothing of another", async () => {
    const kinds = ["text-to-image", "question-answer", "edit"] as const;
    const output = await temporaryFolder();
    const state = await buildShards(world({ kinds, edits: { types: ["adjust"] } }), { output, shardSize: 3 });
    expect(totals(state)).toEqual({ shards: 6, samples: 15, bad: 0 });
    expect(state).toMatchObject({ isComplete: true, kinds: { "text-to-image": 5, "question-answer": 5, edit: 5 } });
    const names = kinds.flatMap((kind) => [`${kind}/000000.tar`, `${kind}/000001.tar`]);
    expect((await listShards(output)).map((path) => path.slice(output.length + 1))).toEqual([...names].sort());
    const items = await all(everySample(await openSampleSet(output)));
    for (const item of items) {
      if ("bad" in item) throw new Error(item.bad.reason);
      for (const bytes of Object.values(item.sample.pictures)) expect((await readPicture(bytes)).width).toBe(16);
    }
    const [again, other] = [await temporaryFolder(), await temporaryFolder()];
    const one = { kinds: ["edit"] as const, edits: { types: ["adjust"] as const } };
    await buildShards(world(one), { output: again, shardSize: 3 });
    await buildShards(world({ ...one, seed: 2 }), { output: other, shardSize: 3 });
    const [a, b, c] = await Promise.all([output, again, other].map(contents));
    expect(b["edit/000000.tar"]).toBe(a["edit/000000.tar"]);
    expect(c["edit/000000.tar"]).not.toBe(a["edit/000000.tar"]);
  });

  it("show no combination that is held out", async () => {
    const job = { kind: "text-to-image", seed: 1, size: 16, format: "png" } as const;
    const objects = ["car", "bus", "dog", "cat", "cup", "bird"];
    const combinations = async (heldOut: "exclude" | "only") => {
      const shown = new Set<string>();
      for (let index = 0; index < 60; index++) {
        const { result } = await drawWorldSample({ ...job, index, scenes: { ...easy, objects, heldOut } });
        const { caption } = JSON.parse(new TextDecoder().decode(result[1][1])) as { caption: string };
        shown.add(/\w+ (car|bus|dog|cat|cup|bird)/.exec(caption)![0]);
      }
      return shown;
    };
    const [trained, kept] = [await combinations("exclude"), await combinations("only")];
    expect(trained.size).toBeGreaterThan(4);
    expect([...kept].filter((combination) => trained.has(combination))).toEqual([]);
  });

  it("go on behind the last finished shard after a stop, and end as if there had been none", async () => {
    const [whole, parts] = [await temporaryFolder(), await temporaryFolder()];
    const options = { count: 10, kinds: ["text-to-image", "edit"] as const, edits: { types: ["adjust"] as const } };
    await buildShards(world(options), { output: whole, shardSize: 4 });
    const stop = new AbortController();
    const drawn: number[] = [];
    const stopped = buildShards(world(options), {
      output: parts,
      shardSize: 4,
      signal: stop.signal,
      onProgress: ({ done, of }) => {
        expect(of).toBe(20);
        if (done === 6) stop.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(await listShards(parts)).toHaveLength(1);
    expect((await readdir(join(parts, "text-to-image"))).filter((name) => name.includes("partial"))).toEqual([]);
    await buildShards(world(options), { output: parts, shardSize: 4, onProgress: ({ done }) => drawn.push(done) });
    expect(drawn[0]).toBe(5);
    expect(await contents(parts)).toEqual(await contents(whole));
  });

  it("are refused where another data set is", async () => {
    const output = await temporaryFolder();
    const options: BuildOptions = { output, shardSize: 3 };
    await buildShards(world({ count: 2 }), options);
    await expect(buildShards(world({ count: 3 }), options)).rejects.toThrow(/was built otherwise; name another folder/);
    await expect(buildShards(world({ count: 2 }), { output, shardSize: 4 })).rejects.toThrow(/was built otherwise/);
    await writeFile(join(output, "dataset.json"), "{}");
    await expect(buildShards(world({ count: 2 }), options)).rejects.toThrow(/was built otherwise/);
    const foreign = await temporaryFolder();
    await writeFiles(foreign, { "a.tar": "" });
    await expect(buildShards(world(), { output: foreign, shardSize: 3 })).rejects.toThrow(/There are shards in/);
    await writeFiles(foreign, { file: "" });
    await expect(buildShards(world(), { output: join(foreign, "file", "x"), shardSize: 3 })).rejects.toThrow(
      /Shards cannot be written to ".+": part of the path is a file/,
    );
  });
});

describe("shards of a folder", () => {
  async function pictures(): Promise<string> {
    const folder = await temporaryFolder();
    const [wide, small] = [await plainPng([200, 0, 0], 60, 30), await plainPng([0, 200, 0], 10)];
    await writeFiles(folder, {
      "a/wide.png": wide,
      "a/wide.txt": "wide",
      "small.png": small,
      "small.json": '{"question": "What?", "answer": "small"}',
      "e.source.png": small,
      "e.target.png": wide,
      "e.json": '{"instruction": "Widen it."}',
      "broken.png": noPicture,
      "broken.txt": "broken",
      "d.png": small,
      "d.txt": "small",
    });
    return folder;
  }
  const source = async (folder: string, side?: number) =>
    setSource(await openSampleSet(folder, new Random(4)), { side, format: "jpg", threads: 0, seed: 4 });

  it("keep files as they are, or make the large ones smaller; what is bad is left out and named", async () => {
    const folder = await pictures();
    const [kept, shrunk] = [await temporaryFolder(), await temporaryFolder()];
    const told: string[] = [];
    const state = await buildShards(await source(folder), {
      output: kept,
      shardSize: 2,
      onBad: ({ name }) => told.push(name),
    });
    expect(totals(state)).toEqual({ shards: 3, samples: 4, bad: 1 });
    expect(state.kinds).toEqual({ "text-to-image": 2, "question-answer": 1, edit: 1 });
    expect(told).toEqual([`${folder}/broken`]);
    const lines = (await readFile(join(kept, "bad-samples.jsonl"), "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).name)).toEqual(told);
    await buildShards(await source(folder, 15), { output: shrunk, shardSize: 2 });

    const look = async (output: string) => {
      const found: Record<string, unknown> = {};
      for (const item of await all(everySample(await openSampleSet(output)))) {
        if ("bad" in item) throw new Error(item.bad.reason);
        const { pictures: files, endings, texts } = item.sample;
        for (const [role, bytes] of Object.entries(files)) {
          const { width, height } = await readPicture(bytes);
          found[`${Object.values(texts).join()} ${role}`] = `${width}x${height} ${endings[role as "image"]}`;
        }
      }
      return found;
    };
    const small = { "small image": "10x10 png", "What?,small image": "10x10 png", "Widen it. source": "10x10 png" };
    expect(await look(kept)).toEqual({ ...small, "wide image": "60x30 png", "Widen it. target": "60x30 png" });
    expect(await look(shrunk)).toEqual({ ...small, "wide image": "30x15 jpg", "Widen it. target": "30x15 jpg" });
  });

  it("can be written anew, and checked, and summed up", async () => {
    const folder = await pictures();
    const [first, second] = [await temporaryFolder(), await temporaryFolder()];
    await buildShards(await source(folder), { output: first, shardSize: 100 });
    await buildShards(setSource(await openSampleSet(first), { side: 8, format: "webp", threads: 0 }), {
      output: second,
      shardSize: 3,
    });
    const set = await openSampleSet(second);
    const kinds = { "text-to-image": 2, "question-answer": 1, edit: 1 };
    expect(await checkSet(set, { threads: 0 })).toEqual({ samples: 4, bad: 0, kinds });
    expect(await setStats(set, { size: 8 })).toMatchObject({
      form: "shards",
      shards: 2,
      samples: 4,
      bad: 0,
      kinds,
      tasks: { generation: 2, editing: 1, understanding: 3 },
      pictures: {
        formats: { webp: 5 },
        width: { least: 8, median: 8, most: 16 },
        height: { least: 8, median: 8, percentile95: 8, most: 8 },
      },
      texts: {
        caption: { count: 2, characters: { least: 4, median: 4, most: 5 }, words: { least: 1, most: 1 } },
        instruction: { count: 1, words: { least: 2, most: 2 } },
      },
      decoding: { pictures: 5, size: 8 },
    });
  });

  it("are not made of what is mostly bad", async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, {
      "a.png": noPicture,
      "a.txt": "a",
      "b.png": await plainPng([1, 1, 1]),
      "b.txt": "b",
      "c.png": noPicture,
    });
    const bad: string[] = [];
    const set = await openSampleSet(folder);
    expect(
      await checkSet(set, { threads: 0, onBad: ({ name, reason }) => bad.push(`${name}: ${reason}`) }),
    ).toMatchObject({ samples: 1, bad: 2 });
    expect(bad).toEqual([
      `${folder}/a: its picture cannot be read: it is damaged or not a PNG, JPEG, WebP, GIF, TIFF or AVIF file`,
      `${folder}/c: there is no caption to its picture`,
    ]);
    await expect(buildShards(await source(folder), { output: await temporaryFolder(), shardSize: 10 })).rejects.toThrow(
      /^More than half of the data set ".+" is bad \(2 of 3 samples\)/,
    );
  });
});
