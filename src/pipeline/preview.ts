/**
 * Tokens of a picture that is still being drawn, with the mean of its drawn ones in the places that are still hidden, so that they can be
 * decoded: there they come out as a blank of the picture's own colour.
 *
 * @param tokens [pictures, places, width], zeros where nothing is drawn
 * @param hidden the places of each picture that are not drawn yet
 */
export function withBlanks(tokens: Float32Array, hidden: readonly Int32Array[], width: number): Float32Array {
  const filled = tokens.slice();
  const size = tokens.length / hidden.length;
  hidden.forEach((places, picture) => {
    const own = filled.subarray(picture * size, (picture + 1) * size);
    const drawn = size / width - places.length;
    const mean = new Float32Array(width);
    own.forEach((value, i) => {
      mean[i % width] += value / Math.max(1, drawn);
    });
    for (const place of places) own.set(mean, place * width);
  });
  return filled;
}
