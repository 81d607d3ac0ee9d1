import { UserError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { hashText } from "../hash.ts";
import { MOST_BUFFER_BYTES } from "./limits.ts";
import { type BadRecord, type DataRecord, isBad, type ReadOptions, type SampleSet, type Shard } from "./record.ts";
import { parseSample, type Sample } from "./sample.ts";

/** A sample that cannot be used: its name, down to the file, and why. */
export interface BadSample {
  name: string;
  reason: string;
}

/** Where a stream stands: with the seed, all that is needed to go on with exactly the next sample. */
export interface StreamPlace {
  /** How often the whole data set has been read. */
  epoch: number;
  /** Where the shuffle buffer that is being given out begins: the shard in this epoch's order, and the position in it. */
  shard: number;
  position: number;
  /** The buffer's number in its epoch, and how many of its samples have been given. */
  buffer: number;
  given: number;
  /** Shards of the data set: where their number has changed, the epoch begins anew. */
  shards: number;
}

/** What a stream gives next, and where it stands behind it. */
export type StreamItem = (
  | { sample: Sample; name: string; bad?: undefined }
  | { bad: BadSample; sample?: undefined }
) & {
  place: StreamPlace;
};

export interface StreamOptions extends ReadOptions {
  seed: number;
  /** Samples that are shuffled among each other; 1 gives every shard's samples in their order. */
  shuffle: number;
  /** What the stream is for; samples that are good but serve something else are passed over. */
  accepts?: (sample: Sample) => boolean;
  /** What is looked for, for the sentence that nothing was found: "editing". */
  purpose?: string;
}

/** What can be shuffled and given. */
type Given = { sample: Sample; name: string } | { bad: BadSample };

interface Buffer {
  items: Given[];
  start: StreamPlace;
  /** Where the next buffer begins. */
  next: StreamPlace;
}

/**
 * The samples of a data set without end, epoch after epoch, in an order that follows from the seed. Shards are taken in a new order every
 * epoch, and their samples pass through a shuffle buffer, which is filled, shuffled and given out as a whole; the next one is filled
 * meanwhile. No list of samples is needed, memory holds two buffers at most, and a place is a few numbers: going on from it reads one
 * buffer again.
 */
export class SampleStream {
  #reader: EpochReader | undefined;
  #current: Buffer | undefined;
  #given = 0;
  #coming: Promise<Buffer> | undefined;

  constructor(
    private readonly set: SampleSet,
    private readonly options: StreamOptions,
    private readonly from?: StreamPlace,
  ) {}

  async next(): Promise<StreamItem> {
    while (!this.#current || this.#given >= this.#current.items.length) await this.#advance();
    const { items, start, next } = this.#current;
    const item = items[this.#given++];
    const place = this.#given < items.length ? { ...start, given: this.#given } : next;
    return { ...item, place };
  }

  async close(): Promise<void> {
    await this.#coming?.catch(() => undefined);
    await this.#reader?.close();
  }

  async #advance(): Promise<void> {
    const start = this.#current?.next ?? this.#beginning();
    const buffer = await (this.#coming ?? this.#fill(start));
    this.#given = this.#current ? 0 : start.given;
    this.#current = buffer;
    this.#coming = this.#fill(buffer.next);
    // It is awaited, and its failure seen, when its turn comes.
    this.#coming.catch(() => undefined);
  }

  #beginning(): StreamPlace {
    const shards = this.set.shards.length;
    const { from } = this;
    if (from && from.shards === shards) return from;
    return { epoch: from?.epoch ?? 0, shard: 0, position: 0, buffer: 0, given: 0, shards };
  }

  async #fill(start: StreamPlace): Promise<Buffer> {
    const { seed, shuffle, accepts = () => true } = this.options;
    const { epoch, shards } = start;
    if (this.#reader?.epoch !== epoch) {
      await this.#reader?.close();
      this.#reader = new EpochReader(this.set, seed, start, this.options);
    }
    const reader = this.#reader;
    const items: Given[] = [];
    let bytes = 0;
    let isOver = false;
    while (items.length < shuffle && bytes < MOST_BUFFER_BYTES) {
      const read = await reader.next();
      if (!read) {
        isOver = true;
        break;
      }
      const item = judge(this.set, read.shard, read.record);
      if ("sample" in item && !accepts(item.sample)) continue;
      items.push(item);
      if ("sample" in item) for (const picture of Object.values(item.sample.pictures)) bytes += picture.length;
    }
    if (isOver && items.length === 0 && start.buffer === 0) throw nothingFound(this.set, this.options.purpose);
    const next = isOver
      ? { epoch: epoch + 1, shard: 0, position: 0, buffer: 0, given: 0, shards }
      : { epoch, ...reader.place, buffer: start.buffer + 1, given: 0, shards };
    const random = new Random(hashText(`${seed} ${epoch} buffer ${start.buffer}`));
    return { items: random.shuffle(items), start, next };
  }
}

/** Reads an epoch's shards one after the other. */
class EpochReader {
  readonly epoch: number;
  readonly #order: readonly Shard[];
  #shard: number;
  #position: number;
  #records: AsyncGenerator<DataRecord | BadRecord> | undefined;

  constructor(
    set: SampleSet,
    seed: number,
    { epoch, shard, position }: StreamPlace,
    private readonly options: ReadOptions,
  ) {
    this.epoch = epoch;
    this.#order = new Random(hashText(`${seed} ${epoch} shards`)).shuffle(set.shards);
    this.#shard = shard;
    this.#position = position;
  }

  /** From where the next record is read. */
  get place(): { shard: number; position: number } {
    return { shard: this.#shard, position: this.#position };
  }

  async next(): Promise<{ shard: Shard; record: DataRecord | BadRecord } | undefined> {
    while (this.#shard < this.#order.length) {
      const shard = this.#order[this.#shard];
      this.#records ??= shard.records(this.#position, this.options);
      const { done, value: record } = await this.#records.next();
      if (!done) {
        this.#position = record.end;
        return { shard, record };
      }
      this.#records = undefined;
      this.#shard++;
      this.#position = 0;
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.#records?.return(undefined);
  }
}

/** A record as a sample, or as a bad one. */
export function judge(set: SampleSet, shard: Shard, record: DataRecord | BadRecord): Given {
  const name = sampleName(set, shard, record.key);
  if (isBad(record)) return { bad: { name, reason: record.reason } };
  const { sample, reason } = parseSample(record);
  return sample ? { sample, name } : { bad: { name, reason } };
}

function sampleName({ path, form }: SampleSet, shard: Shard, key: string): string {
  // The parts of a folder are nothing that anyone knows of.
  const parts = form === "pictures" ? [path, key] : [path === shard.name ? "" : path, shard.name, key];
  return parts.filter((part) => part !== "").join("/");
}

function nothingFound({ path }: SampleSet, purpose?: string): UserError {
  const what = purpose === undefined ? "has no samples in it" : `has no samples for ${purpose}`;
  return new UserError(`The data set "${path}" ${what}: unipic data stats says what there is.`);
}

/** Every sample once, in the order in which they lie: for looking at a data set from its beginning to its end. */
export async function* everySample(
  set: SampleSet,
  options: ReadOptions = {},
): AsyncGenerator<Given & { shard: Shard }> {
  for (const shard of set.shards) {
    for await (const record of shard.records(0, options)) yield { ...judge(set, shard, record), shard };
  }
}
