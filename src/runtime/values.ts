import type { DType, HostArray } from "../tensor/dtype.ts";

/** An array in the device's own memory: a result that a later run takes as it is, without a copy through host memory. */
export interface DeviceArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Copies it to host memory. */
  read(): Promise<HostArray>;
  /** Frees its memory; it may not be used afterwards. */
  release(): void;
}

/** What goes into a run and comes out of it, wherever it lies. */
export type Value = HostArray | DeviceArray;

export const isOnDevice = (value: Value): value is DeviceArray => "read" in value;

/** The array in host memory; copied there if it lies on the device, where it stays as well. */
export async function toHost(value: Value): Promise<HostArray> {
  return isOnDevice(value) ? value.read() : value;
}

/** All of some results in host memory; what lies on the device is copied there and freed. */
export async function hostCopies(results: Readonly<Record<string, Value>>): Promise<Record<string, HostArray>> {
  const read = await Promise.all(Object.entries(results).map(async ([name, value]) => [name, await toHost(value)]));
  releaseValues(results);
  return Object.fromEntries(read);
}

/** Frees what lies on the device; arrays in host memory are left to the collector. */
export function releaseValues(values: Readonly<Record<string, Value>> | readonly Value[]): void {
  for (const value of Object.values(values) as Value[]) if (isOnDevice(value)) value.release();
}
