/** Text: prompts, and the tokenizer that turns them into ids. */
export * from "./prompts.ts";
export { type DecodeOptions, type TextStream, Tokenizer, type TokenizerJson } from "./tokenizer.ts";
export { type TrainedTokenizer, trainTokenizer } from "./train-tokenizer.ts";
