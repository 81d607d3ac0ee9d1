import { encodeJpeg, encodePng, encodeWebP, readPicture } from "../../image/codec.ts";
import type { Picture } from "../../image/picture.ts";
import { cropCentreSquare, padToSquare } from "../../image/prepare.ts";
import { resize } from "../../image/resize.ts";
import type { JobResult } from "../../threads.ts";

export const PICTURE_FORMATS = ["png", "jpg", "webp"] as const;
export type PictureFormat = (typeof PICTURE_FORMATS)[number];

/** How a picture becomes a square: cut to its middle, for drawing, or set on grey, for looking. */
export type Squaring = "crop" | "pad";

/** Work on a picture file's bytes. */
export type PictureJob =
  /** To RGB bytes of a square: [size, size, 3]. */
  | { kind: "prepare"; bytes: Uint8Array; size: number; squaring: Squaring }
  /** To nothing: only to see whether it can be read. */
  | { kind: "look"; bytes: Uint8Array }
  /** To a picture file whose shorter side is at most `side`; the file as it is where it is small enough, or no side is given. */
  | { kind: "shrink"; bytes: Uint8Array; side?: number; format: PictureFormat };

export interface PictureResult {
  bytes: Uint8Array;
  /** Of the picture that the bytes hold, in pixels. */
  width: number;
  height: number;
  /** The format that a picture was written in anew. */
  format?: PictureFormat;
  /** Why the picture cannot be used. */
  reason?: string;
}

/** Decodes a picture and does the job; a picture that cannot be read is a result with a reason. */
export async function doPictureJob(job: PictureJob): Promise<JobResult<PictureResult>> {
  let picture: Picture;
  try {
    picture = await readPicture(job.bytes);
  } catch (error) {
    return { result: { bytes: new Uint8Array(), width: 0, height: 0, reason: reasonOf(error as Error) } };
  }
  if (job.kind === "look") {
    return { result: { bytes: new Uint8Array(), width: picture.width, height: picture.height } };
  }
  const result = job.kind === "prepare" ? prepare(picture, job) : await shrink(picture, job);
  return { result, transfer: [result.bytes.buffer as ArrayBuffer] };
}

/** Why a picture cannot be read: what follows "Cannot read ...: " in the error. */
export const reasonOf = ({ message }: Error): string => message.replace(/^Cannot read [^:]*: /, "").replace(/\.$/, "");

function prepare(picture: Picture, { size, squaring }: PictureJob & { kind: "prepare" }): PictureResult {
  const square = squaring === "crop" ? cropCentreSquare(picture) : padToSquare(picture);
  return { bytes: resize(square, size, size).data, width: size, height: size };
}

const ENCODERS: Readonly<Record<PictureFormat, (picture: Picture) => Promise<Uint8Array>>> = {
  png: (picture) => encodePng(picture),
  jpg: (picture) => encodeJpeg(picture),
  webp: (picture) => encodeWebP(picture),
};

async function shrink(picture: Picture, job: PictureJob & { kind: "shrink" }): Promise<PictureResult> {
  const { bytes, side = Number.POSITIVE_INFINITY, format } = job;
  const { width, height } = picture;
  const scale = side / Math.min(width, height);
  if (scale >= 1) return { bytes: new Uint8Array(bytes), width, height };
  const small = resize(picture, shrunk(width, scale), shrunk(height, scale));
  // A copy: what encoders return may be a view of memory that others share, which must not be handed over.
  const encoded = new Uint8Array(await ENCODERS[format](small));
  return { bytes: encoded, width: small.width, height: small.height, format };
}

const shrunk = (length: number, scale: number): number => Math.max(1, Math.round(length * scale));
