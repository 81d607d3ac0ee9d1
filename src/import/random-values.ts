/** Random numbers written out fast enough for billions of them. */
import { PIECE_BYTES, toBfloat16Bytes, toFloat16Bytes } from "../checkpoint/tensor-data.ts";
import type { Random } from "../random.ts";

/** The element types that random weights are written in. */
export type WeightType = "F32" | "F16" | "BF16";

/** How a tensor's numbers are spread. */
export type Spread = { kind: "constant"; value: number } | { kind: "normal" | "uniform"; scale: number };

/** Values of a table: as many as 16 random bits choose among. */
const TABLE = 2 ** 16;

/**
 * The bytes of `count` random numbers, a piece at a time. A number is one of 65,536 quantiles of its distribution, chosen by 16 random
 * bits: the table is turned into the element type once, and what is left for each number is a look-up.
 *
 * @param spread a normal distribution by its deviation, or a uniform one by its limits; or one and the same number
 */
export function* randomPieces(count: number, spread: Spread, type: WeightType, random: Random): Generator<Uint8Array> {
  const table = tableOf(spread, type);
  const size = type === "F32" ? 4 : 2;
  const most = PIECE_BYTES / size;
  const Elements = type === "F32" ? Uint32Array : Uint16Array;
  const elements = new Elements(Math.min(most, count));
  for (let done = 0; done < count; done += most) {
    const length = Math.min(most, count - done);
    for (let i = 0; i < length; i += 2) {
      const bits = random.bits();
      elements[i] = table[bits & 0xffff];
      // The last number of an odd count has no neighbour; what is written behind the end is nowhere.
      elements[i + 1] = table[bits >>> 16];
    }
    yield new Uint8Array(elements.buffer, 0, length * size);
  }
}

const tables = new Map<string, Uint16Array | Uint32Array>();

/** The bits of a distribution's quantiles in an element type; many weights are spread alike, so tables are kept. */
function tableOf(spread: Spread, type: WeightType): Uint16Array | Uint32Array {
  const key = JSON.stringify([spread, type]);
  let table = tables.get(key);
  if (!table) {
    const bytes = encode(quantiles(spread), type);
    const buffer = bytes.buffer as ArrayBuffer;
    table = new (type === "F32" ? Uint32Array : Uint16Array)(buffer, bytes.byteOffset, TABLE);
    tables.set(key, table);
  }
  return table;
}

/** float32 as bytes of an element type, little-endian. */
export function encode(values: Float32Array, type: WeightType): Uint8Array {
  if (type === "BF16") return toBfloat16Bytes(values);
  if (type === "F16") return toFloat16Bytes(values);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function quantiles(spread: Spread): Float32Array {
  return Float32Array.from({ length: TABLE }, (_, i) => {
    if (spread.kind === "constant") return spread.value;
    const share = (i + 0.5) / TABLE;
    return spread.scale * (spread.kind === "normal" ? normalQuantile(share) : 2 * share - 1);
  });
}

/**
 * The number below which a share of the standard normal distribution lies, to about 4.5e-4 (Abramowitz and Stegun 1964, formula 26.2.23).
 */
function normalQuantile(share: number): number {
  const tail = Math.min(share, 1 - share);
  const t = Math.sqrt(-2 * Math.log(tail));
  const value =
    t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3);
  return share < 0.5 ? -value : value;
}
