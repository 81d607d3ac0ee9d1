import type { TrainProgress } from "../training/trainer.ts";
import { bar, ProgressLine, showDuration } from "./progress-line.ts";

/** Time between two lines where stderr is a file or a pipe, in milliseconds. */
const LINE_EVERY = 30_000;

/** Says on stderr how training goes: a line that is written over on a terminal, a plain line now and then elsewhere. */
export class TrainReport {
  readonly #isTerminal = process.stderr.isTTY ?? false;
  readonly #line = new ProgressLine(this.#isTerminal);
  #saidAt = Number.NEGATIVE_INFINITY;
  /** The last step taken, in words; undefined before the first. */
  lastStep: string | undefined;

  /** A step was taken. */
  step(progress: TrainProgress): void {
    const { stage, step, steps, losses, samplesPerSecond, secondsLeft } = progress;
    this.lastStep = `step ${step} of ${steps} of the stage "${stage}"`;
    const shown = Object.entries(losses).map(([name, loss]) => `${name} ${loss.toPrecision(3)}`);
    const text = `${shown.join("  ")}  ${samplesPerSecond.toFixed(1)} samples/s  ${showDuration(secondsLeft)} left`;
    this.#tell(`${stage} ${step}/${steps}`, step / steps, text, step === steps);
  }

  /** The autoencoder took a step. */
  autoencoder({ step, steps, psnr }: { step: number; steps: number; psnr: number }): void {
    this.#tell(`autoencoder ${step}/${steps}`, step / steps, `psnr ${psnr.toFixed(1)} dB`, step === steps);
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

  #tell(where: string, share: number, text: string, isLast: boolean): void {
    if (this.#isTerminal) {
      this.#line.show(`${where} ${bar(share)}  ${text}`);
      return;
    }
    const now = performance.now();
    if (!isLast && now - this.#saidAt < LINE_EVERY) return;
    this.#saidAt = now;
    this.say(`${where}  ${text}`);
  }
}
