/** The cosine of the angle between two vectors in longer arrays; 0 where one of them is nothing. */
export function cosineSimilarity(a: Float32Array, b: Float32Array, start: number, length: number): number {
  let [product, lengthA, lengthB] = [0, 0, 0];
  for (let i = start; i < start + length; i++) {
    product += a[i] * b[i];
    lengthA += a[i] * a[i];
    lengthB += b[i] * b[i];
  }
  return lengthA === 0 || lengthB === 0 ? 0 : product / Math.sqrt(lengthA * lengthB);
}
