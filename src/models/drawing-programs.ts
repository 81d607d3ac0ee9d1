/**
 * What inference runs of the masked autoregressive pair, for pictures of any size: a grid's position tables are inputs, so that encoder and
 * decoder are one program each and their weights in memory once.
 */
import { Scope } from "../nn/scope.ts";
import { addDimensions, gatherRows, input, multiplyDimensions, reshape } from "../tensor/index.ts";
import { traceChange, traceLook, tracePlace, tracePose, traceTellChanges } from "./changing-programs.ts";
import { clearThings } from "./clearing.ts";
import { tokenWidth, type UniPicConfig } from "./config.ts";
import { layOut } from "./layout.ts";
import {
  type Chosen,
  decode,
  decoderPositions,
  diffusionPositions,
  encoderPositions,
  encodeVisible,
  hiddenRows,
} from "./mar.ts";
import type { Grid } from "./position-table.ts";
import { pictureInput, promptInput } from "./program-inputs.ts";
import type { Traced } from "./programs.ts";
import { answered, projectIn } from "./unipic.ts";

/**
 * What depends on the grid alone. Out: position tables `encoder positions`, `decoder positions` [buffer + places, width] and
 * `diffusion positions` [places, width]; `hidden` [1, decoder width], what stands at hidden places of a new picture.
 */
export function traceTables(config: UniPicConfig, grid: Grid): Traced {
  const root = Scope.root();
  const { mar } = config;
  const scope = root.child("mar");
  const outputs = {
    "encoder positions": encoderPositions(scope, mar, grid),
    "decoder positions": decoderPositions(scope, mar, grid),
    "diffusion positions": diffusionPositions(scope, mar, grid),
    hidden: hiddenRows(scope, mar),
  };
  return { outputs, parameters: root.parameters };
}

/**
 * The encoder and the way into the language model. In: `visible` [pictures, visible, token], their `places` [pictures, visible];
 * `encoder positions` of the grid; `twin` [rows], the picture of each row.
 * Out: `encoded` [pictures, buffer + visible, encoder width]; `features` [rows, visible + buffer, hidden].
 */
export function traceEncoder(config: UniPicConfig): Traced {
  const root = Scope.root();
  const { mar } = config;
  const visible = input("visible", "float32", ["pictures", "visible", tokenWidth(mar)]);
  const places = input("places", "int64", ["pictures", "visible"]);
  const table = input("encoder positions", "float32", ["positions", mar.encoder_embed_dim]);
  const encoded = encodeVisible(root.child("mar"), mar, visible, places, table);
  // Twins share tokens, so what is computed of them once is given to both.
  const features = gatherRows(projectIn(root, config, encoded), input("twin", "int64", ["rows"]));
  return { outputs: { encoded, features }, parameters: root.parameters };
}

/** What stands at hidden places when editing. In: `source` [sources, buffer + places, encoder width]. Out: `hidden` [sources x places, width]. */
export function traceHidden(config: UniPicConfig): Traced {
  const root = Scope.root();
  const { mar } = config;
  const source = input("source", "float32", ["sources", "own", mar.encoder_embed_dim]);
  return { outputs: { hidden: hiddenRows(root.child("mar"), mar, source) }, parameters: root.parameters };
}

/** What a prompt names, for the config's `layouts`. In: `embeddings` [rows, length, hidden] of prompts of one length. Out: `said` [rows, length, 6], see `layOut`. */
export function traceLayOut(config: UniPicConfig): Traced {
  const root = Scope.root();
  const said = layOut(root.child("layout.words"), promptInput(config, "rows"));
  return { outputs: { said }, parameters: root.parameters };
}

/** What clears pictures: of a prompt those that were drawn by it, of an edit its source. */
export type Clearing = "layout.clear" | "changes.clear";

/** The background of a picture, for the same and for `changes`. In: `drawn` [1, 3, height, width], and the `embeddings` of its prompt [1, length, hidden]. Out: `pixels`, as `drawn`. */
export function traceClear(config: UniPicConfig, grid: Grid, clearing: Clearing): Traced {
  const root = Scope.root();
  const { mar } = config;
  const drawn = pictureInput("drawn", mar, grid);
  const pixels = clearThings(root.child(clearing), mar, drawn, promptInput(config, 1));
  return { outputs: { pixels }, parameters: root.parameters };
}

/** What drawing from words runs beside what the official model does, as far as the config asks for it. */
export const layoutPrograms = (config: UniPicConfig, grid: Grid): Traced[] =>
  config.layouts ? [traceLayOut(config), traceClear(config, grid, "layout.clear")] : [];

/** What an edit runs beside what drawing from words does, as far as the config asks for it. */
export const editPrograms = (config: UniPicConfig, grid: Grid): Traced[] => [
  traceHidden(config),
  ...(config.changes
    ? [
        traceTellChanges(config),
        traceChange(config, grid),
        traceClear(config, grid, "changes.clear"),
        tracePlace(config, grid),
        tracePose(config, grid),
        traceLook(config, grid),
      ]
    : []),
];

/**
 * The way out of the language model and the decoder. In: `encoded` [pictures, buffer + visible, encoder width]; `twin` [rows], the picture
 * of each row; `states` [rows, visible + buffer, hidden], the language model's; `hidden` [n, decoder width], what may stand at hidden
 * places; `canvas` [rows, places], see `sharedCanvas`; the grid's `decoder positions` and `diffusion positions`; and which conditions
 * are wanted: `chosen` [rows, n], numbers among all rows x (buffer + places), and their `chosen places` [rows, n] in the grid.
 * Out: `condition` [rows x n, decoder width], row by row; and `closely` also `fused`, the encoder's states after the language model, and
 * `all` conditions, worked out without leaving any out.
 */
export function traceDecoder(config: UniPicConfig, closely = false): Traced {
  const root = Scope.root();
  const { mar } = config;
  const scope = root.child("mar");
  const { inputs, tables } = decoderInputs(root, config);
  const chosen: Chosen = {
    tokens: input("chosen", "int64", ["rows", "chosen"]),
    places: input("chosen places", "int64", ["rows", "chosen"]),
  };
  const condition = decode(scope, mar, inputs, tables, chosen);
  const outputs = { condition: reshape(condition, [multiplyDimensions("rows", "chosen"), mar.decoder_embed_dim]) };
  if (!closely) return { outputs, parameters: root.parameters };
  const all = decode(scope, mar, inputs, tables);
  return { outputs: { ...outputs, fused: inputs.encoded, all }, parameters: root.parameters };
}

/** What the decoder starts from. */
export function decoderInputs(root: Scope, config: UniPicConfig) {
  const { mar, llm } = config;
  const single = input("encoded", "float32", ["pictures", "own", mar.encoder_embed_dim]);
  const encoded = gatherRows(single, input("twin", "int64", ["rows"]));
  const states = input("states", "float32", ["rows", "own", llm.hidden_size]);
  const inputs = {
    encoded: answered(root, config, encoded, states),
    canvas: input("canvas", "int64", ["rows", "places"]),
    hidden: input("hidden", "float32", ["hidden", mar.decoder_embed_dim]),
  };
  const tables = {
    decoder: input("decoder positions", "float32", [addDimensions(mar.buffer_size, "places"), mar.decoder_embed_dim]),
    diffusion: input("diffusion positions", "float32", ["places", mar.decoder_embed_dim]),
  };
  return { inputs, tables };
}
