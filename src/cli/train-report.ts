import type { BadSample } from "../data/sets/index.ts";
import type { DataProgress } from "../training/prepare-data.ts";
import type { TrainProgress } from "../training/trainer.ts";
import { bar, ProgressLine, showLeft } from "./progress-line.ts";

/** Time between two lines where stderr is a file or a pipe, in milliseconds. */
const LINE_EVERY = 30_000;

const DATA_PHASES = { texts: "reading texts", pictures: "reading pictures", latents: "encoding shards" } as const;

/** Bad samples that are named while training goes on. */
const NAMED = 5;

/** Says on stderr how training goes: a line that is written over on a terminal, elsewhere a plain line now and then, and at the
 * beginning and end of each stage. */
export class TrainReport {
  readonly #isTerminal = process.stderr.isTTY ?? false;
  readonly #line = new ProgressLine(this.#isTerminal);
  #phase = "";
  #saidAt = Number.NEGATIVE_INFINITY;
  #bad = 0;
  /** The last step taken, in words; undefined before the first. */
  lastStep: string | undefined;

  /** A step was taken. */
  step(progress: TrainProgress): void {
    const { stage, step, steps, losses, samplesPerSecond, badSamples, secondsLeft } = progress;
    this.lastStep = `step ${step} of ${steps} of the stage "${stage}"`;
    const shown = Object.entries(losses).map(([name, loss]) => `${name} ${loss.toPrecision(3)}`);
    const bad = badSamples > 0 ? `  ${badSamples} bad` : "";
    const text = `${shown.join("  ")}  ${samplesPerSecond.toFixed(1)} samples/s${bad}${showLeft(secondsLeft)}`;
    this.#tell(stage, step, steps, text);
  }

  /** The autoencoder took a step. */
  autoencoder({ step, steps, psnr }: { step: number; steps: number; psnr: number }): void {
    this.#tell("autoencoder", step, steps, `psnr ${psnr.toFixed(1)} dB`);
  }

  /** Data sets are being read, or encoded, before a stage. */
  data({ phase, path, done, of }: DataProgress): void {
    this.#tell(DATA_PHASES[phase], done, of, path);
  }

  /** A sample is left out; the first few are named, and all of them in a file. */
  bad({ name, reason }: BadSample, file: string): void {
    this.#bad++;
    if (this.#bad <= NAMED) this.say(`bad sample left out: ${name}: ${reason}`);
    else if (this.#bad === NAMED + 1) this.say(`more bad samples are named in ${file}`);
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
