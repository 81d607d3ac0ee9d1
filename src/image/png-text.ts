import { UserError } from "../errors.ts";

/** A PNG file's first bytes (PNG specification, 5.2), then always the header chunk: 4 length, 4 type, 13 data, 4 check. */
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const headerEnd = signature.length + 4 + 4 + 13 + 4;

/** A text entry longer than this is not read back. */
const longestText = 1 << 20;

/**
 * Adds text entries to a PNG file as uncompressed iTXt chunks in UTF-8 (PNG specification, 11.3.3.4), right after the header, in the
 * order given.
 *
 * @param text keyword to text; keywords are 1 to 79 printable ASCII characters
 * @throws UserError for another keyword, or a text with a null character or longer than a million bytes
 */
export function addPngText(png: Uint8Array, text: Record<string, string>): Uint8Array {
  const chunks = Object.entries(text).map(([keyword, value]) => {
    if (!/^[!-~](?:[ -~]{0,77}[!-~])?$/.test(keyword)) {
      throw new UserError(`A PNG text keyword has 1 to 79 plain ASCII characters, unlike ${JSON.stringify(keyword)}.`);
    }
    if (value.includes("\0") || Buffer.byteLength(value) > longestText) {
      throw new UserError(`The PNG text "${keyword}" must be under ${longestText} bytes, without null characters.`);
    }
    // Keyword, null, not compressed, method 0, no language, null, no translated keyword, null, text.
    return chunk("iTXt", Buffer.concat([Buffer.from(keyword, "latin1"), Buffer.alloc(5), Buffer.from(value, "utf8")]));
  });
  return Buffer.concat([png.subarray(0, headerEnd), ...chunks, png.subarray(headerEnd)]);
}

/** The text entries that {@link addPngText} put into a PNG file; empty for any other file. */
export function readPngText(file: Uint8Array): Record<string, string> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const found: Record<string, string> = {};
  if (!bytes.subarray(0, signature.length).equals(signature)) return found;
  let at = signature.length;
  while (at + 12 <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (bytes.toString("latin1", at + 4, at + 8) === "iTXt" && data.length === length && length <= longestText + 84) {
      const end = data.indexOf(0);
      const plain = end > 0 && data.subarray(end, end + 5).equals(Buffer.alloc(5));
      if (plain) found[data.toString("latin1", 0, end)] = data.toString("utf8", end + 5);
    }
    at += 12 + length;
  }
  return found;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(checksum(body), body.length + 4);
  return framed;
}

/** CRC-32 with the reflected polynomial of ISO 3309 (PNG specification, annex D); texts are short, so bit by bit is enough. */
function checksum(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  }
  return (remainder ^ 0xffffffff) >>> 0;
}
