import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { UserError } from "../errors.ts";
import { type Picture, picture } from "./picture.ts";
import { addPngText, readPngText } from "./png-text.ts";

/** Enough for any camera; decoded, 360 MB. */
const mostPixels = 120_000_000;
const mostFileBytes = 256 * 1024 * 1024;

/**
 * Decodes a PNG, JPEG, WebP, GIF (first frame), TIFF or AVIF picture. Turned upright where EXIF says so, 8 bits a channel,
 * transparency laid over white.
 *
 * @param source a path, or the file's bytes
 * @throws UserError when there is no such file, it is no picture, is cut short, or is larger than 120 million pixels
 */
export async function readPicture(source: string | Uint8Array): Promise<Picture> {
  const name = typeof source === "string" ? `"${source}"` : "the given bytes";
  const bytes = typeof source === "string" ? await readBounded(source) : source;
  if (bytes.length === 0) throw new UserError(`Cannot read ${name} as a picture: there is nothing in it.`);
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: mostPixels, failOn: "truncated" })
      .autoOrient()
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return picture(info.width, info.height, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } catch (error) {
    throw new UserError(unreadable(name, error));
  }
}

/**
 * What the beginning of a picture file says of it, without decoding it. Sides are those of the upright picture.
 *
 * @throws UserError when it is no picture
 */
export async function pictureHeader(bytes: Uint8Array): Promise<{ format: string; width: number; height: number }> {
  try {
    const { format, autoOrient } = await sharp(bytes, { limitInputPixels: mostPixels }).metadata();
    return { format, width: autoOrient.width, height: autoOrient.height };
  } catch (error) {
    throw new UserError(unreadable("the given bytes", error));
  }
}

function unreadable(name: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  if (/pixel limit/i.test(reason)) {
    return `Cannot read ${name}: it has more than ${mostPixels / 1e6} million pixels; make it smaller first.`;
  }
  return `Cannot read ${name} as a picture: it is damaged or not a PNG, JPEG, WebP, GIF, TIFF or AVIF file.`;
}

async function readBounded(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new UserError(`Cannot read "${path}": it is not a file but a folder or device.`);
    if (found.size > mostFileBytes) {
      throw new UserError(`Cannot read "${path}": a picture file may have ${mostFileBytes / 2 ** 20} MB at most.`);
    }
    const file = await open(path);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`Cannot read "${path}": ${systemReason(error)}.`);
  }
}

/** The text entries of a picture file (see `png-text.ts`); none where it is no PNG or carries none. */
export async function readPictureText(path: string): Promise<Record<string, string>> {
  return readPngText(await readBounded(path));
}

/** The picture as a PNG file, with text entries if given (see `png-text.ts`). The same picture and text give the same bytes. */
export async function encodePng(source: Picture, text: Record<string, string> = {}): Promise<Uint8Array> {
  return addPngText(await pixels(source).png({ compressionLevel: 6, palette: false }).toBuffer(), text);
}

/** The picture as a JPEG file, quality 1 to 100, colour at full resolution. */
export async function encodeJpeg(source: Picture, quality = 95): Promise<Uint8Array> {
  return pixels(source).jpeg({ quality, chromaSubsampling: "4:4:4" }).toBuffer();
}

/** The picture as a WebP file, quality 1 to 100. */
export async function encodeWebP(source: Picture, quality = 95): Promise<Uint8Array> {
  return pixels(source).webp({ quality }).toBuffer();
}

function pixels({ width, height, data }: Picture): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: mostPixels });
}

const encoders: Record<string, (source: Picture, text?: Record<string, string>) => Promise<Uint8Array>> = {
  ".png": encodePng,
  ".jpg": (source) => encodeJpeg(source),
  ".jpeg": (source) => encodeJpeg(source),
  ".webp": (source) => encodeWebP(source),
};

/**
 * Writes a picture in the format its name ends in: .png, .jpg, .jpeg or .webp. It appears whole or not at all; a file already there is
 * replaced.
 *
 * @param metadata text entries such as prompt and seed; only PNG carries them
 * @throws UserError for another ending, or a place that cannot be written
 */
export async function writePicture(path: string, source: Picture, metadata?: Record<string, string>): Promise<void> {
  const encode = encoders[extname(path).toLowerCase()];
  if (!encode) {
    throw new UserError(`Cannot tell the picture format of "${path}": end its name in .png, .jpg, .jpeg or .webp.`);
  }
  const bytes = await encode(source, metadata);
  const partial = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`);
  try {
    const file = await open(partial, "wx");
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    // The first failure is the one to report, whatever becomes of the tidying up.
    await rm(partial, { force: true }).catch(() => undefined);
    throw new UserError(`Cannot write "${path}": ${systemReason(error)}.`);
  }
}

const systemReasons: Record<string, string> = {
  ENOENT: "there is no such file or folder",
  ENOTDIR: "part of the path is a file, not a folder",
  EEXIST: "part of the path is a file, not a folder",
  EISDIR: "it is a folder; give a file name",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  ENAMETOOLONG: "the name is too long",
};

/** Why the system refused to read or write a file, as part of a sentence. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return systemReasons[code ?? ""] ?? `the system says "${code ?? message}"`;
}
