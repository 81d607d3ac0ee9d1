/** Pictures and text on a canvas, for the sheets that people look at. Node only. */
import { type Canvas, createCanvas, ImageData, type SKRSContext2D } from "@napi-rs/canvas";
import type { Picture } from "./picture.ts";

/** A picture as a canvas of its own size. */
export function pictureCanvas({ width, height, data }: Picture): Canvas {
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    image.data.set(data.subarray(pixel * 3, pixel * 3 + 3), pixel * 4);
    image.data[pixel * 4 + 3] = 255;
  }
  const canvas = createCanvas(width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** A text in lines of at most `width` pixels in the context's font; a word that is too long stands alone. */
export function wrapText(context: SKRSContext2D, text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    const longer = lines[last] === "" ? word : `${lines[last]} ${word}`;
    if (lines[last] !== "" && context.measureText(longer).width > width) lines.push(word);
    else lines[last] = longer;
  }
  return lines;
}
