import { describe, expect, it } from "vitest";
import type { LoweredProgram } from "../../src/onnx/lower.ts";
import { Random } from "../../src/random.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { traceJointLoss } from "../../src/training/joint-program.ts";
import { learnerOf } from "../../src/training/learning-names.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import type { StageConfig } from "../../src/training/stage.ts";
import { TrainingProgram, type TrainingState } from "../../src/training/training-program.ts";
import { tinyPlan } from "./tiny-plan.ts";

const { model, stages } = tinyPlan(1);

/** Builds a step of the tiny stage that trains only what is said, and tells what the engine was given. */
async function build(learning: Pick<StageConfig, "trains" | "freezes">, initial?: Partial<TrainingState>) {
  let lowered: LoweredProgram | undefined;
  const engine: Engine = {
    load(program, options) {
      lowered = program;
      return nodeEngine.load(program, options);
    },
  };
  const { root, total, losses } = traceJointLoss(model, stages[0]);
  const options = { optimizer: ADAMW, ema: 0.9, trains: learnerOf(learning) };
  const device = { device: "cpu", threads: 1 } as const;
  const program = await TrainingProgram.build(engine, device, root, total, losses, options, new Random(1), initial);
  const state = await program.state();
  await program.release();
  const text = Buffer.from(lowered!.model).toString("latin1");
  return {
    state,
    names: [...root.parameters.keys()],
    written: lowered!.outputs.map(({ name }) => name).filter((name) => name.startsWith("next|")),
    read: lowered!.inputs.map(({ name }) => name),
    products: [...text.matchAll(/(?:MatMul|Gemm):[%a-z]/g)].length,
  };
}

describe("what is frozen", () => {
  it("gets no gradient, no moments and no average", async () => {
    const full = await build({});
    const frozen = await build({ freezes: ["llm."] });
    const isFrozen = (name: string) => name.includes("llm.");
    expect(full.written.some(isFrozen)).toBe(true);
    expect(frozen.written.length).toBeGreaterThan(0);
    expect(frozen.written.filter(isFrozen)).toEqual([]);
    // Its weights are read, and nothing else that bears their names.
    expect(frozen.read.filter((name) => isFrozen(name) && name.includes("|"))).toEqual([]);
    for (const group of ["moment1", "moment2", "average"] as const) {
      expect([...frozen.state[group]!.keys()].filter(isFrozen)).toEqual([]);
    }
    // The gradient of each matrix is a product of its own, in each of the three tasks.
    const matrices = full.names.filter((name) => name.startsWith("llm.model.layers.") && name.endsWith("proj.weight"));
    expect(matrices).toHaveLength(7);
    expect(full.products - frozen.products).toBeGreaterThanOrEqual(3 * matrices.length);
    // What lies before the frozen weights still learns through them; where nothing does, nothing flows back.
    const head = await build({ trains: ["mar.diffloss."] });
    expect(frozen.products - head.products).toBeGreaterThan(3 * matrices.length);
    expect(head.written.every((name) => name.includes("mar.diffloss."))).toBe(true);
  });

  it("gives up its moments when it is frozen after it has learned, and keeps its average", async () => {
    const { state } = await build({});
    const { state: next } = await build({ trains: ["mar."] }, state);
    const isMar = (name: string) => name.startsWith("mar.");
    for (const group of ["moment1", "moment2"] as const) expect([...next[group].keys()].every(isMar)).toBe(true);
    expect(new Set(next.average!.keys())).toEqual(new Set(state.average!.keys()));
    expect([...next.parameters.keys()]).toEqual([...state.parameters.keys()]);
  });

  it("is told by patterns of names", () => {
    const names = ["llm.model.layers.0.mlp.up.weight", "llm.model.norm.weight", "mar.norm.weight", "vae.conv.weight"];
    const learning = (stage: Parameters<typeof learnerOf>[0]) => names.filter(learnerOf(stage));
    expect(learning({})).toEqual(names.slice(0, 3));
    expect(learning({ trains: ["llm."], freezes: ["llm.*.mlp."] })).toEqual([names[1]]);
    expect(learning({ trains: ["*norm.", "vae."] })).toEqual([names[1], names[2]]);
    // A dot is a dot, and patterns begin where names do.
    expect(learning({ trains: ["llm.model.l.", "norm."] })).toEqual([]);
  });
});
