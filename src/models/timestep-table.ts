import { cast, constant, gatherRows, reshape, type Tensor } from "../tensor/index.ts";

/** A table's values, one for each timestep of the full schedule, at some timesteps [rows], as a column: [rows, 1] in fp32. */
export const atTimesteps = (table: ArrayLike<number>, timesteps: Tensor): Tensor =>
  reshape(gatherRows(constant("float32", [table.length], Float32Array.from(table)), cast(timesteps, "int64")), [
    timesteps.shape[0],
    1,
  ]);
