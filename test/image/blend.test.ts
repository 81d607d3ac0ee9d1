import { expect, it } from "vitest";
import { blend, grown } from "../../src/image/blend.ts";
import { cutOutBy, frameColor, mirrored } from "../../src/image/cut-out.ts";
import { picture } from "../../src/image/picture.ts";
import { noisePicture } from "../helpers/noise-picture.ts";

it("takes of another picture what is said of every pixel", () => {
  const [one, other] = [noisePicture(1), noisePicture(2)];
  const shares = Float32Array.from({ length: 256 }, (_, i) => [0, 1, 0.5][i % 3]);
  const result = blend(one, other, shares);
  result.data.forEach((level, i) => {
    const share = shares[Math.floor(i / 3)];
    expect(level).toBe(Math.round(one.data[i] * (1 - share) + other.data[i] * share));
  });
});

it("grows what is said of a pixel to those around it, within the picture", () => {
  const shares = [0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 1];
  expect(Array.from(grown(shares, 4))).toEqual([0, 0, 0.5, 0.5, 0, 0, 1, 1, 0, 0, 1, 1]);
});

it("cuts out what a mask has, and turns it around", () => {
  const whole = noisePicture(3);
  const mask = Uint8Array.from({ length: 256 }, (_, pixel) =>
    pixel % 16 >= 2 && pixel % 16 < 6 && pixel > 127 ? 1 : 0,
  );
  const cut = cutOutBy(whole, mask)!;
  expect(cut.region).toEqual({ left: 2 / 16, top: 8 / 16, right: 6 / 16, bottom: 1 });
  const turned = mirrored(cut);
  expect(turned.region).toEqual({ left: 10 / 16, top: 8 / 16, right: 14 / 16, bottom: 1 });
  for (let y = 0; y < 16; y++) {
    for (let x = 0; x < 16; x++) {
      expect(turned.mask[y * 16 + x]).toBe(mask[y * 16 + 15 - x]);
      const at = (column: number) =>
        Array.from(turned.picture.data.slice((y * 16 + column) * 3, (y * 16 + column) * 3 + 3));
      const other = (y * 16 + 15 - x) * 3;
      expect(at(x)).toEqual(Array.from(whole.data.slice(other, other + 3)));
    }
  }
  expect(mirrored(turned)).toEqual(cut);
  expect(cutOutBy(whole, new Uint8Array(256))).toBeUndefined();
});

it("has the color that most of the frame has", () => {
  const data = new Uint8Array(4 * 4 * 3).fill(9);
  for (let pixel = 0; pixel < 16; pixel++) if (pixel !== 5 && pixel !== 1) data.set([10, 20, 30], pixel * 3);
  expect(frameColor(picture(4, 4, data))).toEqual([10, 20, 30]);
});
