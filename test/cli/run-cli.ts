import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const BIN = fileURLToPath(new URL("../../bin/unipic.mjs", import.meta.url));

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `unipic` as a user would, in a folder, with `input` piped into it; presses Ctrl-C once stderr shows `interruptAt`. */
export function unipic(
  cwd: string,
  args: readonly string[],
  { input = "", interruptAt, env = {} }: { input?: string; interruptAt?: RegExp; env?: Record<string, string> } = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd, env: { ...process.env, ...env } });
    let [stdout, stderr] = ["", ""];
    let isInterrupted = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (isInterrupted || !interruptAt?.test(stderr)) return;
      isInterrupted = true;
      child.kill("SIGINT");
    });
    // A command that reads no input may have ended before it is written.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** A fresh folder that goes when the file's tests have ended. */
export async function sharedFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "unipic-cli-"));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
