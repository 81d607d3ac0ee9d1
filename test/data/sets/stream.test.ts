import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SampleSet } from "../../../src/data/sets/record.ts";
import { openSampleSet } from "../../../src/data/sets/shards.ts";
import { SampleStream, type StreamOptions, type StreamPlace } from "../../../src/data/sets/stream.ts";
import { temporaryFolder } from "../../checkpoint/temporary-folder.ts";
import { numberedShards, writeCaptions, writeFiles } from "./make-data.ts";

const plain = { seed: 1, shuffle: 8 };

/** The next samples' numbers, or bad samples' reasons, and where the stream stands behind each. */
async function take(set: SampleSet, count: number, options: StreamOptions = plain, from?: StreamPlace) {
  const stream = new SampleStream(set, options, from);
  const given: string[] = [];
  const places: StreamPlace[] = [];
  for (let i = 0; i < count; i++) {
    const { sample, bad, place } = await stream.next();
    given.push(sample ? sample.texts.caption! : bad!.reason);
    places.push(place);
  }
  await stream.close();
  return { given, places };
}

const sorted = (texts: readonly string[]) => [...texts].sort((a, b) => Number(a) - Number(b));
const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

describe("a stream", () => {
  it("gives every sample once an epoch, in another order every epoch and for every seed", async () => {
    const set = await numberedShards(await temporaryFolder(), [10, 3, 12, 5]);
    const { given, places } = await take(set, 90);
    const epochs = [0, 30, 60].map((start) => given.slice(start, start + 30));
    for (const epoch of epochs) expect(sorted(epoch)).toEqual(numbers(30));
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect((await take(set, 90)).given).toEqual(given);
    expect((await take(set, 30, { ...plain, seed: 2 })).given).not.toEqual(epochs[0]);
    expect([places[28].epoch, places[29].epoch, places[89].epoch]).toEqual([0, 1, 3]);
  });

  it("mixes within the buffer and no further, and takes shards in another order", async () => {
    const set = await numberedShards(await temporaryFolder(), [40]);
    const { given } = await take(set, 40, { seed: 3, shuffle: 10 });
    expect(given.slice(0, 10)).not.toEqual(numbers(10));
    for (let start = 0; start < 40; start += 10) {
      expect(sorted(given.slice(start, start + 10))).toEqual(numbers(40).slice(start, start + 10));
    }
    const shards = await numberedShards(await temporaryFolder(), [5, 5, 5, 5]);
    const unmixed = (await take(shards, 20, { seed: 3, shuffle: 1 })).given;
    const firsts = [0, 5, 10, 15].map((start) => Number(unmixed[start]));
    expect(firsts).not.toEqual([0, 5, 10, 15]);
    expect(unmixed).toEqual(firsts.flatMap((first) => numbers(20).slice(first, first + 5)));
  });

  it("goes on from any place with the same samples, across shards, buffers and epochs", async () => {
    const set = await numberedShards(await temporaryFolder(), [7, 1, 9]);
    const { given, places } = await take(set, 50, { seed: 5, shuffle: 4 });
    for (let stop = 0; stop < 40; stop++) {
      const rest = await take(set, 10, { seed: 5, shuffle: 4 }, JSON.parse(JSON.stringify(places[stop])));
      expect(rest.given, `after ${stop}`).toEqual(given.slice(stop + 1, stop + 11));
    }
  });

  it("goes on without reading what came before: one buffer again, from the shard in which it begins", async () => {
    const set = await numberedShards(await temporaryFolder(), new Array<number>(40).fill(5));
    const options = { seed: 5, shuffle: 8 };
    const { places } = await take(set, 200, options);
    for (const stop of [3, 100, 190]) {
      const opened = new Set<string>();
      let read = 0;
      const shards = set.shards.map((shard) => ({
        ...shard,
        async *records(from: number) {
          opened.add(shard.name);
          for await (const record of shard.records(from)) {
            read++;
            yield record;
          }
        },
      }));
      const stream = new SampleStream({ ...set, shards }, options, places[stop]);
      await stream.next();
      await stream.close();
      // The next buffer is filled while the first is given out.
      expect(read, `after ${stop}`).toBeLessThanOrEqual(2 * options.shuffle);
      expect(opened.size, `after ${stop}`).toBeLessThanOrEqual(5);
    }
  });

  it("goes on in a folder of pictures too", async () => {
    const folder = await temporaryFolder();
    await writeFiles(
      folder,
      Object.fromEntries(
        numbers(70).flatMap((n) => [
          [`${n}.png`, "x"],
          [`${n}.txt`, n],
        ]),
      ),
    );
    const set = await openSampleSet(folder);
    const { given, places } = await take(set, 150, { seed: 5, shuffle: 16 });
    expect(sorted(given.slice(0, 70))).toEqual(numbers(70));
    for (const stop of [0, 17, 63, 69, 70, 120]) {
      const rest = await take(set, 20, { seed: 5, shuffle: 16 }, places[stop]);
      expect(rest.given).toEqual(given.slice(stop + 1, stop + 21));
    }
  });

  it("begins its epoch anew where shards have come or gone", async () => {
    const folder = await temporaryFolder();
    const set = await numberedShards(folder, [6, 6]);
    const { places } = await take(set, 15);
    const grown = await numberedShards(folder, [6, 6, 6]);
    const { given, places: after } = await take(grown, 18, plain, places[14]);
    expect(sorted(given)).toEqual(numbers(18));
    expect(after[0].epoch).toBe(1);
  });

  it("passes over what it is not for, and tells where all is of that sort", async () => {
    const set = await numberedShards(await temporaryFolder(), [10, 10]);
    const isEven = { ...plain, accepts: ({ key }: { key: string }) => Number(key) % 2 === 0 };
    expect(sorted((await take(set, 10, isEven)).given)).toEqual(numbers(20).filter((n) => Number(n) % 2 === 0));
    const nothing = take(set, 1, { ...plain, accepts: () => false, purpose: "editing" });
    await expect(nothing).rejects.toThrow(/^The data set ".+" has no samples for editing: unipic data stats says/);
  });

  it("gives bad samples in their turn, so that they can be counted", async () => {
    const folder = await temporaryFolder();
    await writeCaptions(join(folder, "a.tar"), ["0", "", "2"]);
    await writeCaptions(join(folder, "b.tar"), ["3", "4"]);
    const bytes = await readFile(join(folder, "b.tar"));
    await writeFile(join(folder, "b.tar"), bytes.subarray(0, 2048 + 512 + 3));
    const { given } = await take(await openSampleSet(folder), 10);
    for (const epoch of [given.slice(0, 5), given.slice(5)]) {
      expect([...epoch].sort()).toEqual(["0", "2", "3", "its caption is empty", "the shard is cut short here"]);
    }
  });

  it("has buffers that are bounded in bytes, whatever their number of samples", async () => {
    const large = new Uint8Array(5 * 2 ** 20);
    const samples = numbers(30).map((n) => ({
      key: n,
      fields: new Map([
        ["png", large],
        ["txt", new TextEncoder().encode(n)],
      ]),
      end: Number(n) + 1,
    }));
    let read = 0;
    const shard = {
      name: "large",
      fingerprint: async () => "",
      async *records(from: number) {
        for (const sample of samples.slice(from)) {
          read++;
          yield sample;
        }
      },
    };
    const set: SampleSet = { path: "large", form: "shards", shards: [shard] };
    const stream = new SampleStream(set, { seed: 1, shuffle: 1000 });
    await stream.next();
    await stream.close();
    // Thirteen of 5 MB pass 64 MB; one buffer is given out while the next is filled.
    expect(read).toBe(26);
    expect(sorted((await take(set, 30, { seed: 1, shuffle: 1000 })).given)).toEqual(numbers(30));
  });
});
