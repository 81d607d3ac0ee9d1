import type { Weights } from "../../src/pipeline/programs.ts";
import { Random } from "../../src/random.ts";

/** Weights of any name and shape, random but the same for the same name; norms' are near one. */
export function randomWeights(deviation = 0.3): Weights {
  return {
    has: () => true,
    check: () => {},
    source: (name, shape) => {
      const seed = Array.from(name).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7);
      const values = new Random(seed).normals(shape.reduce((a, b) => a * b, 1));
      const centre = /(norm|_ln)\d?\.weight$/.test(name) ? 1 : 0;
      return { data: values.map((value) => centre + deviation * value), shape };
    },
  };
}
