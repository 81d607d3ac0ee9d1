import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { outcomeOf } from "../../src/cli/failure.ts";
import { checkWritable, numberedFiles, PICTURE_ENDINGS } from "../../src/cli/output-files.ts";
import { bar, showDuration, showLeft } from "../../src/cli/progress-line.ts";
import { numberFor, oneOf, pairFor, parseMemory, parseSize, wholeNumberFor } from "../../src/cli/values.ts";
import { UserError } from "../../src/errors.ts";
import { writePicture } from "../../src/image/codec.ts";
import { picture } from "../../src/image/picture.ts";
import { sharedFolder } from "./run-cli.ts";

const place = await sharedFolder();

describe("option values", () => {
  it("are numbers", () => {
    expect(numberFor("--guidance")("2.5")).toBe(2.5);
    for (const text of ["", " ", "two", "1e999"]) expect(() => numberFor("--x")(text)).toThrow(/--x takes a number/);
  });

  it("are whole numbers in a range", () => {
    const count = wholeNumberFor("--count", 1, 400);
    expect([count("1"), count("400")]).toEqual([1, 400]);
    for (const text of ["0", "401", "1.5", "-3"]) expect(() => count(text)).toThrow(/from 1 to 400, not/);
  });

  it("an amount of memory is a number with a unit, or of bytes", () => {
    expect(parseMemory("6GB")).toBe(6e9);
    expect(parseMemory("1.5 gib")).toBe(1.5 * 2 ** 30);
    expect(parseMemory("500000000")).toBe(5e8);
    for (const text of ["", "6TB", "GB", "-1GB", "0", "1e9"]) expect(() => parseMemory(text)).toThrow(UserError);
  });

  it("are pairs", () => {
    const pair = pairFor("--guidance-interval", "0.1:0.8");
    expect(pair("0.1:0.8")).toEqual([0.1, 0.8]);
    for (const text of ["0.1", "0.1:", ":1", "1:2:3", "a:b"]) {
      expect(() => pair(text)).toThrow(`--guidance-interval takes two numbers such as 0.1:0.8, not "${text}".`);
    }
  });

  it("are one of several names", () => {
    const name = oneOf("--sampler", ["ancestral", "dpm++"]);
    expect([name("ancestral"), name(" DPM++ ")]).toEqual(["ancestral", "dpm++"]);
    expect(() => name("euler")).toThrow('--sampler takes one of ancestral, dpm++, not "euler".');
  });

  it("are sizes", () => {
    expect(parseSize("64")).toEqual([64, 64]);
    expect(parseSize("128x64")).toEqual([128, 64]);
    for (const text of ["64x", "x64", "64.5", "-64", "64x64x64"]) expect(() => parseSize(text)).toThrow(UserError);
  });
});

describe("output files", () => {
  it("are numbered so that they sort, before the ending", () => {
    expect(numberedFiles("a/b.png", 1)).toEqual(["a/b.png"]);
    expect(numberedFiles("a.b/c.d.png", 2)).toEqual(["a.b/c.d-1.png", "a.b/c.d-2.png"]);
    expect(numberedFiles("c.png", 12).slice(8, 10)).toEqual(["c-09.png", "c-10.png"]);
  });

  it("may have every ending that pictures are written in", async () => {
    for (const ending of [...PICTURE_ENDINGS, ".PNG"]) {
      const path = join(place, `dot${ending}`);
      await checkWritable(path);
      await writePicture(path, picture(1, 1, new Uint8Array(3)));
    }
    await expect(checkWritable(join(place, "dot.gif"))).rejects.toThrow(/in .png, .jpg, .jpeg or .webp/);
    await expect(checkWritable(join(place, "dot"), [".png"])).rejects.toThrow(/end its name in .png\./);
  });

  it("need a folder", async () => {
    await mkdir(join(place, "folder.png"));
    await expect(checkWritable(join(place, "folder.png"))).rejects.toThrow(/it is a folder/);
    await expect(checkWritable(join(place, "none", "a.png"))).rejects.toThrow(/there is no folder/);
    await expect(checkWritable(join(place, "dot.png", "a.png"))).rejects.toThrow(/is not a folder/);
  });
});

it("shows shares and lengths of time", () => {
  expect([bar(0), bar(0.5), bar(1)]).toEqual([
    `[${" ".repeat(24)}]`,
    `[${"=".repeat(11)}>${" ".repeat(12)}]`,
    `[${"=".repeat(24)}]`,
  ]);
  expect([42.4, 600, 3600 * 3 + 300].map(showDuration)).toEqual(["42 s", "10 min", "3 h 5 min"]);
  expect([undefined, 0, 600].map(showLeft)).toEqual(["", "  0 s left", "  10 min left"]);
});

it("marks errors that nobody expected, in one line", () => {
  expect(outcomeOf(new Error("first\nsecond"), false)).toEqual({
    code: 1,
    message: "unipic: Something unexpected went wrong (--debug shows where): first",
  });
  expect(outcomeOf(new UserError("Do this."), false)).toEqual({ code: 1, message: "unipic: Do this." });
});
