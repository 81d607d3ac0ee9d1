/**
 * What inference runs of the masked autoregressive pair, for pictures of any size: a grid's position tables are inputs, so that encoder and
 * decoder are one program each and their weights in memory once.
 */
import { Scope } from "../nn/scope.ts";
import {
  addDimensions,
  fullLike,
  gatherRows,
  input,
  multiplyDimensions,
  reshape,
  slice,
  type Tensor,
} from "../tensor/index.ts";
import { traceChange, traceLook, tracePose, traceTellChanges } from "./changing-programs.ts";
import { clearThings } from "./clearing.ts";
import { type MarConfig, tokenWidth, type UniPicConfig } from "./config.ts";
import { conditionWidth, showTokens, withoutSource } from "./copying.ts";
import { putTogether } from "./keeping.ts";
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
import { nameNew } from "./naming.ts";
import { place } from "./placing.ts";
import type { Grid } from "./position-table.ts";
import { embeddingsInput, pictureInput, promptInput } from "./program-inputs.ts";
import type { Traced } from "./programs.ts";
import { repaint } from "./repainting.ts";
import type { EditedPicture } from "./squares.ts";
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

/** An edit's source shown to the head, for the config's `source_tokens`. In: `condition` [n, condition width], `tokens` [n, token]. Out: `told`, as `condition`. */
export function traceShowTokens(config: UniPicConfig): Traced {
  const root = Scope.root();
  const { mar } = config;
  const condition = input("condition", "float32", ["n", conditionWidth(mar)]);
  const tokens = input("tokens", "float32", ["n", tokenWidth(mar)]);
  return {
    outputs: { told: showTokens(root.child("mar"), mar, condition, tokens) },
    parameters: root.parameters,
  };
}

/** What the head was told of every place of one edit, and its source: `condition` [places, condition width], `source` [1, 3, height, width]. */
function editedInputs(mar: MarConfig, grid: Grid): EditedPicture {
  const condition = ofPlaces("condition", grid, conditionWidth(mar));
  return { condition, isTold: fullLike(slice(condition, 3, 0, 1), 1), source: pictureInput("source", mar, grid) };
}

const ofPlaces = (name: string, grid: Grid, width: number): Tensor =>
  reshape(input(name, "float32", [grid[0] * grid[1], width]), [1, ...grid, width]);

/** Where an edit puts something new, for the config's `placed_pixels`. In: `condition` and `source` as {@link traceKeep}. Out: `box` [1, 4], see `place`. */
export function tracePlace(config: UniPicConfig, grid: Grid): Traced {
  const root = Scope.root();
  const { mar } = config;
  const box = place(root.child("mar.source_pixels.where"), mar, editedInputs(mar, grid));
  return { outputs: { box }, parameters: root.parameters };
}

/** Which words name something new, for the same. In: `embeddings` [rows, length, hidden] of edits' prompts. Out: `named` [rows, length, 2], see `nameNew`. */
export function traceName(config: UniPicConfig): Traced {
  const root = Scope.root();
  const named = nameNew(root.child("mar.source_pixels.words"), embeddingsInput(config, "rows"));
  return { outputs: { named }, parameters: root.parameters };
}

/**
 * One result of an edit put together, for the config's `source_pixels`. In: `drawn` and the `source` [1, 3, height, width]; of every place the `token`
 * [places, token] and the `condition` [places, condition width] that the head was told. Out: `pixels`, as `drawn`.
 */
export function traceKeep(config: UniPicConfig, grid: Grid): Traced {
  const root = Scope.root();
  const { mar } = config;
  const edited = editedInputs(mar, grid);
  const drawn = pictureInput("drawn", mar, grid);
  const token = ofPlaces("token", grid, tokenWidth(mar));
  const repainted = repaint(root.child("mar.source_pixels"), mar, { ...edited, token });
  const pixels = putTogether(repainted, { source: edited.source, drawn });
  return { outputs: { pixels }, parameters: root.parameters };
}

/** What a prompt names, for the config's `layouts`. In: `embeddings` [rows, length, hidden] of prompts of one length. Out: `said` [rows, length, 6], see `layOut`. */
export function traceLayOut(config: UniPicConfig): Traced {
  const root = Scope.root();
  const said = layOut(root.child("layout.words"), promptInput(config, "rows"));
  return { outputs: { said }, parameters: root.parameters };
}

/** What clears pictures: of a prompt those that were drawn by it, of an edit its source. */
export type Clearing = "layout.clear" | "mar.source_pixels.change.clear";

/** The background of a picture, for the same and for `changed_pixels`. In: `drawn` [1, 3, height, width], and the `embeddings` of its prompt [1, length, hidden]. Out: `pixels`, as `drawn`. */
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
  ...(config.mar.source_tokens ? [traceShowTokens(config)] : []),
  ...(config.mar.source_pixels ? [traceKeep(config, grid)] : []),
  ...(config.mar.placed_pixels ? [tracePlace(config, grid), traceName(config)] : []),
  ...(config.mar.changed_pixels
    ? [
        traceTellChanges(config),
        traceChange(config, grid),
        traceClear(config, grid, "mar.source_pixels.change.clear"),
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
 * Out: `condition` [rows x n, condition width], row by row, as for a picture that is no edit; and `closely` also `fused`, the encoder's states after the language model, and
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
  const condition = withoutSource(mar, decode(scope, mar, inputs, tables, chosen));
  const outputs = { condition: reshape(condition, [multiplyDimensions("rows", "chosen"), conditionWidth(mar)]) };
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
