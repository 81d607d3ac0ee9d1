/** How fast a stage goes since it was started. The first step also compiles and waits for its batch, so it counts only until there is another. */
export class Pace {
  #steps = 0;
  #samples = 0;
  #seconds = 0;

  /** A step was taken. */
  add(samples: number, seconds: number): void {
    if (this.#steps === 1) [this.#samples, this.#seconds] = [0, 0];
    this.#steps++;
    this.#samples += samples;
    this.#seconds += seconds;
  }

  get samplesPerSecond(): number {
    return this.#samples / this.#seconds;
  }

  /** Seconds that a step takes; undefined before the second. */
  get secondsPerStep(): number | undefined {
    return this.#steps > 1 ? this.#seconds / (this.#steps - 1) : undefined;
  }
}
