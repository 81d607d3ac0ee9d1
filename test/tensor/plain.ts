/** Arrays as plain numbers and loops: what the operations' references are written with. */
export interface Plain {
  shape: number[];
  data: number[];
}

/** An array whose every element is computed from its place. */
export function fill(shape: readonly number[], value: (place: number[]) => number): Plain {
  const count = shape.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: count }, (_, flat) => {
    const place: number[] = [];
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place.unshift(rest % shape[axis]);
      rest = Math.floor(rest / shape[axis]);
    }
    return value(place);
  });
  return { shape: [...shape], data };
}

/** The element at a place; a place of more axes is read from the last ones, and an axis of size 1 answers for all. */
export function at(x: Plain, place: readonly number[]): number {
  const own = place.slice(place.length - x.shape.length);
  return x.data[own.reduce((flat, index, axis) => flat * x.shape[axis] + (x.shape[axis] === 1 ? 0 : index), 0)];
}

/** A function applied element by element, its arguments broadcast. */
export const each =
  (f: (...values: number[]) => number) =>
  (inputs: Plain[]): Plain => {
    const rank = Math.max(...inputs.map((x) => x.shape.length));
    const shape = Array.from({ length: rank }, (_, i) =>
      Math.max(...inputs.map((x) => x.shape[i - rank + x.shape.length] ?? 1)),
    );
    return fill(shape, (place) => f(...inputs.map((x) => at(x, place))));
  };

/** The same elements in another shape. */
export const shaped = (x: Plain, shape: readonly number[]): Plain => ({ shape: [...shape], data: x.data });

/** The last two axes exchanged. */
export const flipped = (x: Plain): Plain =>
  fill([...x.shape.slice(0, -2), x.shape.at(-1)!, x.shape.at(-2)!], (place) =>
    at(x, [...place.slice(0, -2), place.at(-1)!, place.at(-2)!]),
  );

/** A function from rows to rows along the last axis. */
export function alongLast(x: Plain, f: (row: number[]) => number[]): Plain {
  const width = x.shape.at(-1)!;
  const rows = Array.from({ length: x.data.length / width }, (_, i) => f(x.data.slice(i * width, (i + 1) * width)));
  return { shape: [...x.shape.slice(0, -1), rows[0].length], data: rows.flat() };
}

export const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
export const mean = (values: readonly number[]): number => total(values) / values.length;

export function softmaxRow(row: readonly number[]): number[] {
  const highest = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - highest));
  return powers.map((value) => value / total(powers));
}

/** Mean 0, variance 1. */
export function standardRow(row: readonly number[], epsilon: number): number[] {
  const middle = mean(row);
  const deviation = Math.sqrt(mean(row.map((value) => (value - middle) ** 2)) + epsilon);
  return row.map((value) => (value - middle) / deviation);
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The error function by its Taylor series; good to 1e-12 for |x| < 3. */
export function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
