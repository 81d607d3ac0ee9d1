import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { worksOn } from "../../src/cli/probe-device.ts";

/** Debian's chromium carries a driver that emulates a GPU on the processor; with libvulkan1 it can be used. */
const EMULATOR = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Whether WebGPU finds an adapter: the machine's own, or the emulated one where it is installed. */
export async function hasGpu(): Promise<boolean> {
  if (existsSync(EMULATOR)) {
    process.env.VK_ICD_FILENAMES ??= EMULATOR;
    process.env.XDG_RUNTIME_DIR ??= tmpdir();
  }
  return worksOn("webgpu");
}

/** A title that says why tests are skipped where they are. */
export const onGpu = (title: string, isThere: boolean): string =>
  isThere
    ? title
    : `${title} (skipped: WebGPU finds no adapter; Debian's chromium and libvulkan1 bring an emulated one)`;
