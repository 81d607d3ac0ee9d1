import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import type { HostArray } from "../../src/tensor/dtype.ts";
import type { Tensor } from "../../src/tensor/index.ts";

/** Compiles and runs outputs once on the CPU. */
export async function evaluate(
  outputs: Record<string, Tensor>,
  feeds: Record<string, HostArray> = {},
  options: { fused?: boolean; threads?: number } = {},
): Promise<Record<string, HostArray>> {
  const program = await Program.compile(
    nodeEngine,
    outputs,
    { fused: options.fused ?? false, parameters: () => undefined },
    { device: "cpu", threads: options.threads ?? 1, optimization: "quick" },
  );
  const results = await program.run(feeds);
  await program.release();
  return results;
}
