import { readFileSync, writeFileSync } from "node:fs";
import { UserError } from "../src/errors.ts";

/** What the kernel says of this process, in bytes: the resident memory now, the largest there has been, and what of it is no file's copy. */
export function processMemory(): { now: number; peak: number; own: number } {
  if (process.platform !== "linux") throw new UserError("Peak memory is read from Linux's /proc/self/status.");
  const status = readFileSync("/proc/self/status", "utf8");
  const bytes = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
  return { now: bytes("VmRSS"), peak: bytes("VmHWM"), own: bytes("RssAnon") };
}

/** Starts counting the peak anew (Linux's `clear_refs`), from the memory that is resident now. */
export const restartPeak = (): void => writeFileSync("/proc/self/clear_refs", "5");

export const showGigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
