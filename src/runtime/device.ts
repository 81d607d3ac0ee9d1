import { UserError } from "../errors.ts";

/** Where programs run. `cpu` is always there; the others need an adapter that the engine can find. */
export type Device = "cpu" | "webgpu" | "cuda";

export const DEVICES: readonly Device[] = ["cpu", "webgpu", "cuda"];

/**
 * The device that a text names, whatever its case.
 *
 * @throws UserError naming the devices that exist when it is none of them.
 */
export function parseDevice(text: string): Device {
  const device = DEVICES.find((name) => name === text.trim().toLowerCase());
  if (!device) throw new UserError(`There is no device "${text}"; choose one of ${DEVICES.join(", ")}.`);
  return device;
}

/** What ONNX Runtime says when the device itself is what is missing, and not, say, a weight. */
const ABSENT: Record<Device, RegExp | undefined> = {
  cpu: undefined,
  webgpu: /webgpu|adapter|backend/i,
  cuda: /cuda|backend/i,
};

const NEEDS: Record<Device, string> = {
  cpu: "",
  webgpu: "a graphics driver with Vulkan, Metal or Direct3D 12, or a browser with WebGPU",
  cuda: "an NVIDIA driver and ONNX Runtime's CUDA libraries",
};

/** The error to show when loading on a device failed: a clear sentence where there is no such device, else the engine's own. */
export function loadingError(device: Device, error: unknown): unknown {
  if (!ABSENT[device]?.test(String(error))) return error;
  return new UserError(
    `No GPU was found for the device "${device}", which needs ${NEEDS[device]}; the device "cpu" works everywhere.`,
    { cause: error },
  );
}
