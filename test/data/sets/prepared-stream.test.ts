import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { pictureJobs } from "../../../src/data/sets/pictures.ts";
import { type PreparedOptions, PreparedStream, type StreamCursor } from "../../../src/data/sets/prepared-stream.ts";
import { ShardWriter } from "../../../src/data/sets/shard-writer.ts";
import { openSampleSet } from "../../../src/data/sets/shards.ts";
import type { BadSample } from "../../../src/data/sets/stream.ts";
import { temporaryFolder } from "../../checkpoint/temporary-folder.ts";
import { sharedFolder } from "../../cli/run-cli.ts";
import { json, noPicture, plainPng, writeFiles } from "./make-data.ts";

const folder = await sharedFolder();
const SIZE = 4;

beforeAll(async () => {
  const writer = await ShardWriter.open(join(folder, "a.tar"));
  for (let i = 0; i < 12; i++) {
    // The fourth and the tenth are no pictures. The others are as red as their number says, and twice as wide as high.
    const png = i % 6 === 3 ? noPicture : await plainPng([i * 10, 0, 255], 16, 8);
    await writer.add(String(i), [
      ["png", png],
      ["json", json({ caption: String(i) })],
    ]);
  }
  await writer.finish();
});

/** The next samples: caption and first pixel; and what was left out. */
async function take(count: number, options: Partial<PreparedOptions> = {}, from?: StreamCursor) {
  const threads = options.threads ?? 0;
  const jobs = pictureJobs(threads);
  const bad: BadSample[] = [];
  const stream = new PreparedStream(
    await openSampleSet(folder),
    { task: "generation", seed: 1, shuffle: 5, size: SIZE, jobs, threads, onBad: (each) => bad.push(each), ...options },
    from,
  );
  const samples: [string, number[], number][] = [];
  const cursors: StreamCursor[] = [];
  for (let i = 0; i < count; i++) {
    const { sample, cursor } = await stream.next();
    const { image } = sample.pictures;
    samples.push([sample.texts.caption!, Array.from(image!.subarray(0, 3)), image!.length]);
    cursors.push(cursor);
  }
  await stream.close();
  await jobs.close();
  return { samples, cursors, bad };
}

describe("a prepared stream", () => {
  it("decodes what is good, and names what is not, once an epoch", async () => {
    const { samples, cursors, bad } = await take(20);
    for (const [caption, pixel, length] of samples) {
      expect(pixel).toEqual([Number(caption) * 10, 0, 255]);
      expect(length).toBe(SIZE * SIZE * 3);
    }
    expect(new Set(samples.map(([caption]) => caption)).size).toBe(10);
    expect(bad.map(({ name }) => name).sort()).toEqual(["3", "3", "9", "9"].map((key) => `${folder}/a.tar/${key}`));
    expect(bad[0].reason).toBe(
      "its picture cannot be read: it is damaged or not a PNG, JPEG, WebP, GIF, TIFF or AVIF file",
    );
    expect(cursors.map(({ read, bad: count }) => count <= 2 && count <= read)).not.toContain(false);
  });

  it("gives the same from threads, however many", async () => {
    const inline = await take(15);
    expect(await take(15, { threads: 2 })).toEqual(inline);
  });

  it("goes on from any cursor, its counts among it", async () => {
    const { samples, cursors } = await take(25);
    for (const stop of [0, 4, 9, 10, 18]) {
      const rest = await take(6, {}, JSON.parse(JSON.stringify(cursors[stop])));
      expect(rest.samples).toEqual(samples.slice(stop + 1, stop + 7));
      expect(rest.cursors).toEqual(cursors.slice(stop + 1, stop + 7));
    }
  });

  it("sets pictures on grey where they are looked at, and cuts them where they are drawn", async () => {
    const looked = await take(1, { task: "understanding" });
    const [, first] = looked.samples[0];
    // The pictures have no green; the grey of 127 above them has.
    expect(first[1]).toBeGreaterThan(100);
  });

  it("stops where more than half is bad, counting only so much", async () => {
    const bad = await temporaryFolder();
    await writeFiles(bad, {
      "a.png": await plainPng([1, 2, 3]),
      "a.txt": "good",
      ...Object.fromEntries(
        ["b", "c", "d"].flatMap((key) => [
          [`${key}.png`, noPicture],
          [`${key}.txt`, key],
        ]),
      ),
    });
    const named: string[] = [];
    const jobs = pictureJobs(0);
    const stream = new PreparedStream(await openSampleSet(bad), {
      task: "generation",
      seed: 1,
      shuffle: 100,
      size: SIZE,
      jobs,
      threads: 0,
      onBad: ({ name }) => named.push(name),
    });
    const reading = async () => {
      for (;;) await stream.next();
    };
    await expect(reading()).rejects.toThrow(
      /^More than half of the data set ".+" is bad \(3 of 4 samples(, the last ".+": .+)?\); unipic data check names all/,
    );
    expect(named.sort()).toEqual(["b", "c", "d"].map((key) => `${bad}/${key}`));
  });
});
