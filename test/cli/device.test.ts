import { join } from "node:path";
import { expect, it } from "vitest";
import { worksOn } from "../../src/cli/probe-device.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { sharedFolder, unipic } from "./run-cli.ts";

const place = await sharedFolder();

it("the probe finds the processor", async () => expect(await worksOn("cpu")).toBe(true));

it.each(["webgpu", "cuda"] as const)("without a GPU, --device %s ends in one sentence", async (device) => {
  if (await worksOn(device)) return; // This machine has one.
  const model = join(place, device);
  await writeTinyModel(model);
  const { code, stderr } = await unipic(place, ["generate", "x", "--model", model, "--device", device]);
  expect(stderr).toMatch(/^unipic: No GPU was found [^\n]+\n$/);
  expect(code).toBe(1);
});
