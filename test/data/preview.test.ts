import { loadImage } from "@napi-rs/canvas";
import { expect, it } from "vitest";
import { contactSheet } from "../../src/data/index.ts";

it("lays examples out on a PNG, the same for the same seed", async () => {
  const options = { scenes: { styles: ["emoji"] }, editCount: 2 } as const;
  const png = await contactSheet(1, 8, options);
  const image = await loadImage(Buffer.from(png));
  expect(image.width).toBe(1400);
  expect(image.height).toBeGreaterThan(400);
  expect(await contactSheet(1, 8, options)).toEqual(png);
  expect(await contactSheet(2, 8, options)).not.toEqual(png);
  await expect(contactSheet(1, 0)).rejects.toThrow(/from 1 to 400/);
});
