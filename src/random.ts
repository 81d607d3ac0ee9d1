/**
 * The one source of chance. Every draw in the project comes from a `Random` made from an explicit seed, so that the same seed
 * gives the same picture, the same scene and the same training run.
 *
 * The generator is xoshiro128** (Blackman and Vigna), seeded through splitmix32; its state is four 32-bit words, which is what a
 * training checkpoint stores.
 */
export class Random {
  #state: Uint32Array;
  #spare: number | undefined;

  /** @param seed any integer; only its value modulo 2^53 matters. */
  constructor(seed: number) {
    if (!Number.isFinite(seed)) throw new RangeError(`A seed must be a finite number, not ${seed}.`);
    const whole = Math.floor(Math.abs(seed));
    let mix = (whole >>> 0) ^ Math.imul(Math.floor(whole / 2 ** 32) + 1, 0x9e3779b9);
    this.#state = Uint32Array.from({ length: 4 }, () => {
      mix = (mix + 0x9e3779b9) | 0;
      let word = mix ^ (mix >>> 16);
      word = Math.imul(word, 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      return (word ^ (word >>> 15)) >>> 0;
    });
  }

  /** 32 uniformly random bits. */
  bits(): number {
    const s = this.#state;
    const product = Math.imul(s[1], 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  /** Uniform in [low, high), with 32 bits of resolution. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.bits() / 2 ** 32);
  }

  /** A whole number in [0, end). */
  integer(end: number): number {
    return Math.floor(this.uniform() * end);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** One element of a non-empty list. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("Random.pick needs a list with at least one element.");
    return items[this.integer(items.length)];
  }

  /** A shuffled copy (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = items.slice();
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
  }

  /** Standard normal (Box and Muller). */
  normal(): number {
    if (this.#spare !== undefined) {
      const value = this.#spare;
      this.#spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log((this.bits() + 1) / 2 ** 32));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** `count` standard normal values as float32. */
  normals(count: number): Float32Array {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = this.normal();
    return values;
  }

  /** Standard normal scaled and shifted, redrawn until it falls in [low, high]. */
  truncatedNormal(mean: number, deviation: number, low: number, high: number): number {
    for (;;) {
      const value = mean + deviation * this.normal();
      if (value >= low && value <= high) return value;
    }
  }

  /** An independent generator, seeded from this one's next bits. */
  fork(): Random {
    return new Random(this.bits() * 2 ** 21 + (this.bits() >>> 11));
  }

  /** Everything needed to continue later: four state words and the kept normal draw, if any. */
  save(): { words: number[]; spare?: number } {
    return { words: Array.from(this.#state), ...(this.#spare === undefined ? {} : { spare: this.#spare }) };
  }

  /** Continues from what {@link save} returned. */
  static restore(saved: { words: number[]; spare?: number }): Random {
    const random = new Random(0);
    random.#state = Uint32Array.from(saved.words);
    random.#spare = saved.spare;
    return random;
  }
}
