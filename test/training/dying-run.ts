/**
 * Trains the tiny plan in a process of its own that is killed at a moment which it is told: `dying-run.ts FOLDER STEPS EVERY MOMENT`, where
 * EVERY is the number of steps between two checkpoints and MOMENT is JSON, or null to leave the killing to others. SIGKILL leaves a
 * process no time for anything, so it can send the signal to itself in the middle of what it is doing to a file.
 */
import fs, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

/** A moment in the writing of a file of the run. */
export interface Moment {
  /** "write" is in the middle of a piece; "rename" and "append" are before what they name, and "renamed" is after it. */
  at: "write" | "rename" | "renamed" | "append";
  file: string;
  /** So many times this process has written the file before. */
  written: number;
  /** Of a "write", the number of the piece, from 1. */
  piece?: number;
}

function dieAt(moment: Moment): void {
  let written = 0;
  let pieces = 0;
  const die = (): Promise<never> => {
    process.kill(process.pid, "SIGKILL");
    return new Promise(() => {});
  };
  // Temporary names begin with that of the file.
  const isFile = (path: unknown) => String(path).includes(moment.file);
  const isNow = (path: unknown, at: Moment["at"]) => isFile(path) && at === moment.at && written === moment.written;

  const { open, rename, appendFile } = fs;
  const replaced: Partial<typeof fs> = {
    async open(...args): Promise<FileHandle> {
      const handle = await open(...args);
      const { writeFile } = handle;
      handle.writeFile = async (data, ...rest) => {
        if (!isNow(args[0], "write") || ++pieces !== moment.piece) return writeFile.call(handle, data, ...rest);
        const bytes = data as Uint8Array;
        await writeFile.call(handle, bytes.subarray(0, bytes.length >> 1));
        return die();
      };
      return handle;
    },
    async rename(from, to) {
      if (isNow(to, "rename")) await die();
      await rename(from, to);
      if (isNow(to, "renamed")) await die();
      if (isFile(to)) written++;
    },
    async appendFile(...args) {
      if (isNow(args[0], "append")) await die();
      await appendFile(...args);
      if (isFile(args[0])) written++;
    },
  };
  Object.assign(fs, replaced);
  syncBuiltinESMExports();
}

const [folder, steps, checkpointEvery, json] = process.argv.slice(2);
const moment = JSON.parse(json) as Moment | null;
if (moment) dieAt(moment);
// Only now, so that they get the functions above.
const [{ nodeEngine }, { train }, { tinyPlan }] = await Promise.all([
  import("../../src/runtime/node.ts"),
  import("../../src/training/trainer.ts"),
  import("./tiny-plan.ts"),
]);
await train({
  train: tinyPlan(Number(steps), { checkpointEvery: Number(checkpointEvery) }),
  folder,
  engine: nodeEngine,
  threads: 1,
  onProgress: ({ step }) => process.stdout.write(`step ${step}\n`),
});
