import { UserError } from "../errors.ts";
import { nativeSide, parseConfig, patchSide, type UniPicConfig } from "../models/config.ts";
import { resizeTable } from "../models/position-table.ts";
import type { Values } from "./parameters.ts";
import type { TrainingState } from "./training-program.ts";

/** Sides of square pictures in pixels. */
export interface StageSize {
  /** Of pictures that are drawn, and of an edit's source. */
  generation: number;
  /** Of pictures that the vision tower sees. */
  understanding: number;
}

/** The sizes that a model has of itself. */
export const sizeOf = ({ mar, siglip2 }: UniPicConfig): StageSize => ({
  generation: mar.img_size,
  understanding: siglip2.image_size,
});

/** The same model at other sizes: nothing changes but the number of tokens, and of rows in its position tables. */
export const sizedModel = (config: UniPicConfig, { generation, understanding }: StageSize): UniPicConfig => ({
  ...config,
  mar: { ...config.mar, img_size: generation },
  siglip2: { ...config.siglip2, image_size: understanding },
});

/**
 * Checks that a model can have these sizes.
 *
 * @throws UserError when one is not a whole number of tokens or patches
 */
export function checkSize(size: StageSize, model: UniPicConfig, where: string): void {
  const { mar, siglip2 } = model;
  const units = { generation: mar.vae_stride * mar.patch_size, understanding: siglip2.patch_size };
  for (const task of ["generation", "understanding"] as const) {
    const [pixels, unit] = [size[task], units[task]];
    if (pixels % unit === 0) continue;
    const nearest = unit * Math.max(1, Math.round(pixels / unit));
    const what = task === "generation" ? "tokens" : "patches";
    throw new UserError(
      `${where}: "${task}" must be a multiple of ${unit}, as this model's ${what} are ${unit} pixels a side: ${nearest}, say, not ${pixels}.`,
    );
  }
  // How large a model may be at all.
  parseConfig(sizedModel(model, size), where);
}

/** A learned table of positions: `leading` rows of its own, then those of a grid of `side` x `side` places in raster order. */
interface PositionTable {
  leading: number;
  side: number;
  width: number;
}

/** All position tables of a model by their names in a checkpoint. */
export function positionTables({ mar, siglip2 }: UniPicConfig): Map<string, PositionTable> {
  const side = nativeSide(mar);
  const { buffer_size: leading, encoder_embed_dim: encoder, decoder_embed_dim: decoder } = mar;
  return new Map([
    ["mar.encoder_pos_embed_learned", { leading, side, width: encoder }],
    ["mar.decoder_pos_embed_learned", { leading, side, width: decoder }],
    ["mar.diffusion_pos_embed_learned", { leading: 0, side, width: decoder }],
    [
      "siglip2.vision_model.embeddings.position_embedding.weight",
      { leading: 0, side: patchSide(siglip2), width: siglip2.hidden_size },
    ],
  ]);
}

/** The names of the position tables among `values` that are of another size than the model's. */
function otherSized(values: Values, config: UniPicConfig): string[] {
  return [...positionTables(config)].flatMap(([name, table]) => {
    const shape = values.get(name)?.shape;
    if (!shape || shape.at(-1) !== table.width) return [];
    const side = sideOf(shape, table);
    return Number.isInteger(side) && side > 0 && side !== table.side ? [name] : [];
  });
}

/** Places along a side of the grid of a table of this shape, [..., rows, width]; not a whole number where it is of no square grid. */
const sideOf = (shape: readonly number[], { leading }: PositionTable): number => Math.sqrt(shape.at(-2)! - leading);

/** Values with the position tables of the model's size: those of another are resized bilinearly, the rest are the same arrays. */
export function resizeTables(values: Values, config: UniPicConfig): Values {
  const tables = positionTables(config);
  const resized = otherSized(values, config).map((name) => {
    const { shape, data } = values.get(name)!;
    const table = tables.get(name)!;
    const rows = table.leading + table.side ** 2;
    return [
      name,
      {
        dtype: "float32",
        shape: [...shape.slice(0, -2), rows, table.width],
        data: resizeTable(data as Float32Array, { ...table, side: sideOf(shape, table) }, table.side),
      },
    ] as const;
  });
  return new Map([...values, ...resized]);
}

/**
 * The state of a run for a model of another size: position tables are resized, and so are their moving averages, which are then the
 * averages of the resized tables, since resizing is linear. Their optimizer's moments begin anew: a gradient of the new table is not the
 * resized gradient of the old one (more places share a loss that is a mean over places, so each has a fraction), and moments that are
 * too large would hold the table back just when it has to change. Beginning at zero is what every weight does that a stage uses
 * first.
 */
export function resizeState(state: Partial<TrainingState>, config: UniPicConfig): Partial<TrainingState> {
  const changed = new Set(otherSized(state.parameters ?? new Map(), config));
  if (changed.size === 0) return state;
  const others = (values: Values | undefined) => values && new Map([...values].filter(([name]) => !changed.has(name)));
  return {
    ...state,
    parameters: resizeTables(state.parameters!, config),
    average: state.average && resizeTables(state.average, config),
    moment1: others(state.moment1),
    moment2: others(state.moment2),
  };
}
