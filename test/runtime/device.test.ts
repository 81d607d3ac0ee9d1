import { describe, expect, test } from "vitest";
import { UserError } from "../../src/errors.ts";
import { DEVICES, type Device, parseDevice } from "../../src/runtime/engine.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import * as t from "../../src/tensor/index.ts";

describe("parseDevice", () => {
  test("knows every device, in any case", () => {
    for (const device of DEVICES) expect(parseDevice(` ${device.toUpperCase()} `)).toBe(device);
  });

  test("names the devices that exist when there is no such one", () => {
    expect(() => parseDevice("tpu")).toThrow(UserError);
    expect(() => parseDevice("tpu")).toThrow('There is no device "tpu"; choose one of cpu, webgpu, cuda.');
  });
});

describe("a device in Node", () => {
  const x = t.input("x", "float32", [2, 3]);
  const loss = t.reduceSum(t.square(t.softmax(x)));
  const outputs = { loss, slope: t.gradients(loss, [x])[0] };
  const feeds = { x: t.hostArray("float32", [2, 3], [1, 2, 3, 3, 2, 2]) };

  const run = async (device: Device) => {
    const lowering = { fused: true, parameters: () => undefined };
    const program = await Program.compile(nodeEngine, outputs, lowering, { device });
    const results = await program.run(feeds);
    await program.release();
    return results;
  };

  test.each(["webgpu", "cuda"] as const)(
    "%s gives what the CPU gives, or says clearly that it is not there",
    async (device) => {
      const expected = await run("cpu");
      const outcome = await run(device).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(UserError);
        expect(outcome.message).toMatch(
          new RegExp(`^No GPU was found for the device "${device}", which needs .*; the device "cpu" works`),
        );
      } else {
        const found = outcome as typeof expected;
        for (const name of ["loss", "slope"]) {
          Array.from(found[name].data, Number).forEach((value, i) => {
            expect(value).toBeCloseTo(Number(expected[name].data[i]), 4);
          });
        }
      }
    },
  );

  test("is not blamed for what is wrong with the program", async () => {
    const broken = { model: new Uint8Array([1, 2, 3]), inputs: [], outputs: [] };
    const error = await nodeEngine.load(broken, { device: "cpu" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(UserError);
  });

  test("refuses weights as bytes, which only a page takes", async () => {
    const weights = [{ path: "a", data: new Uint8Array(1) }];
    const empty = { model: new Uint8Array(), inputs: [], outputs: [] };
    await expect(nodeEngine.load(empty, { device: "cpu", weights })).rejects.toThrow("weightsFolder");
  });
});
