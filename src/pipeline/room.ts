import { freemem, totalmem } from "node:os";
import type { Room } from "./residents.ts";

/** What is left to other programs, as a share of the machine's memory. */
const LEFT_TO_OTHERS = 0.05;

/**
 * The memory that a model may still take: up to a limit in bytes for the whole process, or without one as much as the machine has free.
 */
export function roomWithin(limit: number | undefined): Room {
  if (limit !== undefined) return () => limit - process.memoryUsage.rss();
  const kept = LEFT_TO_OTHERS * totalmem();
  // Only Linux says what could be had; elsewhere memory that holds copies of files does not count as free, though it could be taken.
  if (process.platform === "linux") return () => freemem() - kept;
  return () => (1 - 4 * LEFT_TO_OTHERS) * totalmem() - process.memoryUsage.rss();
}
