import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { encodeJpeg, encodePng, encodeWebP, readPicture, writePicture } from "../../src/image/codec.ts";
import { picture } from "../../src/image/picture.ts";
import { addPngText, readPngText } from "../../src/image/png-text.ts";
import { picturePath, pillowResults } from "./fixtures/fixture.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "image-codec-"));
});
afterAll(() => rm(folder, { recursive: true }));

const gradient = picture(
  24,
  16,
  Uint8Array.from(
    { length: 24 * 16 * 3 },
    (_, i) => [(Math.floor(i / 3) % 24) * 10, Math.floor(i / 72) * 15, 90][i % 3],
  ),
);

const raw = (data: number[], width: number, height: number, channels: 1 | 2 | 3 | 4) =>
  sharp(Uint8Array.from(data), { raw: { width, height, channels } });

describe("readPicture", () => {
  it.each(["land", "port"] as const)("decodes the %s PNG to Pillow's pixels", async (name) => {
    const { shape, values } = pillowResults().get(`in.${name}.rgb`)!;
    const read = await readPicture(picturePath(name));
    expect([read.height, read.width, 3]).toEqual(shape);
    expect(Buffer.from(read.data).equals(Buffer.from(values as Uint8Array))).toBe(true);
  });

  it("reads bytes as it reads files", async () => {
    expect(await readPicture(await readFile(picturePath("land")))).toEqual(await readPicture(picturePath("land")));
  });

  it("lays transparency over white", async () => {
    const bytes = await raw([10, 20, 30, 255, 10, 20, 30, 0], 2, 1, 4).png().toBuffer();
    expect(Array.from((await readPicture(bytes)).data)).toEqual([10, 20, 30, 255, 255, 255]);
  });

  it("spreads grey and 16-bit pictures to 8-bit RGB", async () => {
    const grey = await raw([7, 200], 2, 1, 1).png().toBuffer();
    expect(Array.from((await readPicture(grey)).data)).toEqual([7, 7, 7, 200, 200, 200]);
    const deep = await raw([7, 8, 200], 1, 1, 3).toColourspace("rgb16").png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe("ushort");
    expect(Array.from((await readPicture(deep)).data)).toEqual([7, 8, 200]);
  });

  it("turns pictures upright", async () => {
    // Orientation 6: the top row is stored as the right-hand column.
    const bytes = await raw([1, 1, 1, 90, 90, 90], 2, 1, 3).withMetadata({ orientation: 6 }).png().toBuffer();
    const { width, height, data } = await readPicture(bytes);
    expect([width, height, data[0], data[3]]).toEqual([1, 2, 1, 90]);
  });

  it("says in one sentence what is wrong", async () => {
    const text = join(folder, "notes.png");
    await writeFile(text, "not a picture");
    const empty = join(folder, "empty.png");
    await writeFile(empty, "");
    const cut = join(folder, "cut.png");
    await writeFile(cut, await readFile(picturePath("land")));
    await truncate(cut, 6000);
    for (const [path, reason] of [
      [join(folder, "absent.png"), /no such file/],
      [folder, /not a file/],
      [text, /damaged or not a PNG/],
      [empty, /nothing in it/],
      [cut, /damaged/],
    ] as const) {
      const error = await readPicture(path).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(UserError);
      expect((error as Error).message).toMatch(reason);
      expect((error as Error).message).toContain(path);
    }
  });

  it("refuses a picture that would fill the memory", async () => {
    const bomb = await sharp({ create: { width: 16_000, height: 8_000, channels: 3, background: "#000" } })
      .png({ compressionLevel: 1 })
      .toBuffer();
    await expect(readPicture(bomb)).rejects.toThrow(/120 million pixels/);
  });
});

describe("encoding", () => {
  it("keeps PNG exact and the others close", async () => {
    expect(await readPicture(await encodePng(gradient))).toEqual(gradient);
    for (const encode of [encodeJpeg, encodeWebP]) {
      const { data } = await readPicture(await encode(gradient));
      const worst = Math.max(...data.map((level, i) => Math.abs(level - gradient.data[i])));
      expect(worst).toBeGreaterThan(0);
      expect(worst).toBeLessThan(16);
    }
  });

  it("gives the same bytes every time", async () => {
    for (const encode of [encodePng, encodeJpeg, encodeWebP]) {
      expect(Buffer.from(await encode(gradient)).equals(Buffer.from(await encode(gradient)))).toBe(true);
    }
  });

  it("carries text in a PNG that stays readable", async () => {
    const text = { prompt: "a café beside the sea 🌊", seed: "42", empty: "" };
    const bytes = await encodePng(gradient, text);
    expect(readPngText(bytes)).toEqual(text);
    expect(await readPicture(bytes)).toEqual(gradient);
    expect(bytes.length).toBeGreaterThan((await encodePng(gradient)).length);
    // libvips lists text chunks only when their checksums hold.
    expect((await sharp(bytes).metadata()).comments).toContainEqual({ keyword: "seed", text: "42" });
  });

  it("refuses text that a PNG cannot hold", async () => {
    await expect(encodePng(gradient, { "": "x" })).rejects.toThrow(UserError);
    await expect(encodePng(gradient, { ключ: "x" })).rejects.toThrow(UserError);
    await expect(encodePng(gradient, { prompt: "a\0b" })).rejects.toThrow(UserError);
  });

  it("reads no text from other files", async () => {
    expect(readPngText(await encodeJpeg(gradient))).toEqual({});
    expect(readPngText(addPngText(await encodePng(gradient), { a: "b" }).subarray(0, 40))).toEqual({});
  });
});

describe("writePicture", () => {
  it.each([
    ["a.png", "png"],
    ["b.JPG", "jpeg"],
    ["c.jpeg", "jpeg"],
    ["d.webp", "webp"],
  ])("writes %s as %s", async (name, format) => {
    const path = join(folder, name);
    await writePicture(path, gradient, { seed: "1" });
    expect((await sharp(await readFile(path)).metadata()).format).toBe(format);
  });

  it("replaces a file and leaves nothing else behind", async () => {
    const place = join(folder, "replaced");
    await mkdir(place);
    const path = join(place, "picture.png");
    await writeFile(path, "old");
    await writePicture(path, gradient, { seed: "7" });
    expect(readPngText(await readFile(path))).toEqual({ seed: "7" });
    expect(await readdir(place)).toEqual(["picture.png"]);
  });

  it("refuses endings and places it cannot write", async () => {
    const place = join(folder, "refused");
    await mkdir(join(place, "folder.png"), { recursive: true });
    await writeFile(join(place, "file"), "");
    for (const [name, reason] of [
      ["picture.bmp", /end its name in/],
      ["picture", /end its name in/],
      ["absent/picture.png", /no such file or folder/],
      ["file/picture.png", /not a folder/],
      ["folder.png", /it is a folder/],
    ] as const) {
      const error = await writePicture(join(place, name), gradient).catch((caught: unknown) => caught);
      expect(error, name).toBeInstanceOf(UserError);
      expect((error as Error).message).toMatch(reason);
    }
    expect((await readdir(place)).sort()).toEqual(["file", "folder.png"]);
  });
});
