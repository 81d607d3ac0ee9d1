/**
 * Sizes of axes. A dimension is a number, or, where it is only known when the program runs, an expression over named sizes such as
 * `"batch"`, `"past+seq"` or `"2*batch"`. Expressions are kept in one canonical form (a polynomial with whole coefficients, its terms
 * sorted), so that two dimensions are equal exactly when their values are.
 */
export type Dimension = number | string;

/** Product of names (sorted, joined by `*`; empty for the constant term) -> coefficient. */
type Polynomial = Map<string, number>;

function parse(dimension: Dimension): Polynomial {
  if (typeof dimension === "number") return new Map(dimension === 0 ? [] : [["", dimension]]);
  const terms: Polynomial = new Map();
  for (const text of dimension.replaceAll("-", "+-").split("+")) {
    if (text === "") continue;
    let coefficient = 1;
    const names: string[] = [];
    for (const factor of text.split("*")) {
      const negative = factor.startsWith("-");
      const bare = negative ? factor.slice(1) : factor;
      if (negative) coefficient = -coefficient;
      if (/^\d+$/.test(bare)) coefficient *= Number(bare);
      else if (/^[A-Za-z_]\w*$/.test(bare)) names.push(bare);
      else throw new Error(`"${dimension}" is not a size: write sums and products of names and whole numbers.`);
    }
    const key = names.sort().join("*");
    terms.set(key, (terms.get(key) ?? 0) + coefficient);
  }
  return terms;
}

function format(terms: Polynomial): Dimension {
  const kept = [...terms].filter(([, coefficient]) => coefficient !== 0);
  if (kept.length === 0) return 0;
  if (kept.length === 1 && kept[0][0] === "") return kept[0][1];
  kept.sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1));
  return kept
    .map(([names, coefficient]) => {
      if (names === "") return String(coefficient);
      return coefficient === 1 ? names : coefficient === -1 ? `-${names}` : `${coefficient}*${names}`;
    })
    .join("+")
    .replaceAll("+-", "-");
}

/** The canonical form of a size, so that `===` compares sizes. */
export const dimension = (size: Dimension): Dimension => (typeof size === "number" ? size : format(parse(size)));

export function addDimensions(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return a + b;
  const sum = parse(a);
  for (const [names, coefficient] of parse(b)) sum.set(names, (sum.get(names) ?? 0) + coefficient);
  return format(sum);
}

export function multiplyDimensions(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return a * b;
  const product: Polynomial = new Map();
  for (const [left, p] of parse(a)) {
    for (const [right, q] of parse(b)) {
      const names = [...left.split("*"), ...right.split("*")].filter(Boolean).sort().join("*");
      product.set(names, (product.get(names) ?? 0) + p * q);
    }
  }
  return format(product);
}

export const subtractDimensions = (a: Dimension, b: Dimension): Dimension =>
  addDimensions(a, multiplyDimensions(b, -1));

/** The value of a size once the named sizes are known. */
export function evaluateDimension(size: Dimension, names: ReadonlyMap<string, number>): number {
  if (typeof size === "number") return size;
  let total = 0;
  for (const [product, coefficient] of parse(size)) {
    let value = coefficient;
    for (const name of product.split("*").filter(Boolean)) {
      const known = names.get(name);
      if (known === undefined) throw new Error(`The size "${name}" is not known.`);
      value *= known;
    }
    total += value;
  }
  return total;
}

/** The terms of a size as `[coefficient, names]`, for a lowering that has to compute it. */
export function dimensionTerms(size: Dimension): { coefficient: number; names: string[] }[] {
  return [...parse(size)].map(([names, coefficient]) => ({ coefficient, names: names.split("*").filter(Boolean) }));
}
