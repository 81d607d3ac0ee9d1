import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import { runInSegments } from "../../src/runtime/segments.ts";
import * as t from "../../src/tensor/index.ts";

const WIDTH = 8;
const LAYERS = 5;
const random = new Random(1);
const values = new Map<string, Float32Array>();

function weight(name: string): t.Tensor {
  values.set(name, values.get(name) ?? random.normals(WIDTH * WIDTH).map((value) => value / 3));
  return t.parameter(name, [WIDTH, WIDTH], { kind: "zeros" });
}

/** Layers in a row, with the first one's result used again at the end, a weight used twice, and a size that only one input has. */
function network(): Record<string, t.Tensor> {
  const x = t.input("x", "float32", ["rows", WIDTH]);
  const rows = t.input("chosen", "int64", ["chosen"]);
  const shared = weight("shared");
  let h = t.linear(x, shared);
  const first = h;
  for (let layer = 0; layer < LAYERS; layer++) h = t.silu(t.linear(t.add(h, x), weight(`layer ${layer}`)));
  const last = t.linear(t.add(h, first), shared);
  return { chosen_rows: t.gatherRows(last, rows), doubled: t.concat([last, last], 0), first };
}

const feeds = {
  x: t.hostArray("float32", [3, WIDTH], random.normals(3 * WIDTH)),
  chosen: t.hostArray("int64", [2], [2, 0]),
};
const lowering = { fused: true, parameters: (name: string) => ({ data: values.get(name)!, shape: [WIDTH, WIDTH] }) };
const engineOptions = { device: "cpu", threads: 1 } as const;

describe("a program in segments", () => {
  test.each([1, 2, 3, 1000])("gives what the whole program gives, %i layers at a time", async (layers) => {
    const outputs = network();
    const program = await Program.compile(nodeEngine, outputs, lowering, engineOptions);
    const whole = await program.run(feeds);
    await program.release();
    let most = 0;
    let loads = 0;
    const engine: typeof nodeEngine = {
      load(lowered, options) {
        loads++;
        most = Math.max(most, lowered.model.length);
        return nodeEngine.load(lowered, options);
      },
    };
    const parameters = layers * WIDTH * WIDTH;
    const parts = await runInSegments(outputs, feeds, { engine, lowering, engineOptions, parameters });
    expect(Object.keys(parts)).toEqual(Object.keys(whole));
    for (const name of Object.keys(whole)) {
      expect(parts[name].shape).toEqual(whole[name].shape);
      (parts[name].data as Float32Array).forEach((value, i) => {
        expect(value).toBeCloseTo(whole[name].data[i] as number, 5);
      });
    }
    // Six layers and the first one again; a segment holds its weights only.
    if (layers === 1) expect(loads).toBe(LAYERS + 2);
    if (layers === 1000) expect(loads).toBe(1);
    expect(most).toBeLessThan(4 * parameters + 10_000);
  });

  test("can be stopped", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    const options = { engine: nodeEngine, lowering, engineOptions, parameters: 64, signal };
    await expect(runInSegments(network(), feeds, options)).rejects.toThrow("enough");
  });
});
