import type { TrainProgress } from "../training/trainer.ts";
import { bar, ProgressLine, showDuration } from "./progress-line.ts";

/** Time between two lines where stderr is a file or a pipe, in milliseconds. */
const LINE_EVERY = 30_000;

/** Says on stderr how training goes: a line that is written over on a terminal, elsewhere a plain line now and then, and at the
 * beginning and end of each stage. */
export class TrainReport {
  readonly #isTerminal = process.stderr.isTTY ?? false;
  readonly #line = new ProgressLine(this.#isTerminal);
  #phase = "";
  #saidAt = Number.NEGATIVE_INFINITY;
  /** The last step taken, in words; undefined before the first. */
  lastStep: string | undefined;

  /** A step was taken. */
  step(progress: TrainProgress): void {
    const { stage, step, steps, losses, samplesPerSecond, secondsLeft } = progress;
    this.lastStep = `step ${step} of ${steps} of the stage "${stage}"`;
    const shown = Object.entries(losses).map(([name, loss]) => `${name} ${loss.toPrecision(3)}`);
    const text = `${shown.join("  ")}  ${samplesPerSecond.toFixed(1)} samples/s  ${showDuration(secondsLeft)} left`;
    this.#tell(stage, step, steps, text);
  }

  /** The autoencoder took a step. */
  autoencoder({ step, steps, psnr }: { step: number; steps: number; psnr: number }): void {
    this.#tell("autoencoder", step, steps, `psnr ${psnr.toFixed(1)} dB`);
  }

  /** Something that is said once. */
  say(text: string): void {
    this.#line.clear();
    process.stderr.write(`${text}\n`);
  }

  /** Leaves the terminal's line empty. */
  end(): void {
    this.#line.clear();
  }

  #tell(phase: string, step: number, steps: number, text: string): void {
    const where = `${phase} ${step}/${steps}`;
    if (this.#isTerminal) {
      this.#line.show(`${where} ${bar(step / steps)}  ${text}`);
      return;
    }
    const now = performance.now();
    if (phase === this.#phase && step < steps && now - this.#saidAt < LINE_EVERY) return;
    this.#phase = phase;
    this.#saidAt = now;
    this.say(`${where}  ${text}`);
  }
}
