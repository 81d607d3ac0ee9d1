/**
 * One sample's files as they lie on disk: bytes by field, which is what follows the key in the files' names. `0042.jpg` and `0042.json`
 * are the fields "jpg" and "json" of the key "0042".
 */
export interface DataRecord {
  key: string;
  fields: Map<string, Uint8Array>;
  /** From where the next record is read. */
  end: number;
}

/** A sample that cannot be used, and why; it is counted, named and skipped. */
export interface BadRecord {
  key: string;
  reason: string;
  /** From where the next record is read. */
  end: number;
}

export const isBad = <T extends object>(record: T | BadRecord): record is BadRecord => "reason" in record;

export interface ReadOptions {
  /** Leave pictures unread: their fields are there, with no bytes. */
  textsOnly?: boolean;
}

/** A part of a data set that is read from its beginning to its end. */
export interface Shard {
  /** What messages call it. */
  name: string;
  /** Changes when what is in the shard changes. */
  fingerprint(): Promise<string>;
  /**
   * The records from a position on: 0, or where an earlier record ended. Never throws for what is wrong with the data: that is a bad
   * record.
   */
  records(from: number, options?: ReadOptions): AsyncGenerator<DataRecord | BadRecord>;
}

/** A data set: parts that can be read in any order. */
export interface SampleSet {
  /** As it was named. */
  path: string;
  form: "shards" | "pictures";
  shards: readonly Shard[];
  /** Samples, where their number is known without reading them. */
  count?: number;
}

const PICTURE_FIELDS = ["png", "jpg", "jpeg", "webp", "gif", "tif", "tiff", "avif"];
const TEXT_FIELDS = ["json", "txt"];

/** Whether a field is a picture: "jpg", "source.png". */
export function isPictureField(field: string): boolean {
  return PICTURE_FIELDS.includes(lastPart(field));
}

/** Whether a field is text: "json", "txt". */
export function isTextField(field: string): boolean {
  return TEXT_FIELDS.includes(field);
}

/** Whether a field is an array of latents: "latents", "source.latents". */
export function isLatentField(field: string): boolean {
  return lastPart(field) === LATENTS;
}

export const LATENTS = "latents";

const lastPart = (field: string): string => field.slice(field.lastIndexOf(".") + 1);
