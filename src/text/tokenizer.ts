/** Text to token ids and back, from the files of a Hugging Face folder. */
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { UserError } from "../errors.ts";

/** A parsed `tokenizer.json` or `tokenizer_config.json`. */
export type TokenizerJson = Record<string, unknown>;

/** Decodes ids one at a time, as they are generated. */
export interface TextStream {
  /** The text that this id completes; empty while a character's bytes are incomplete. */
  push(id: number): string;
  /** What is left: the replacement character for bytes that never became a character. */
  end(): string;
}

/** How ids become text. */
export interface DecodeOptions {
  /** Leave special tokens out. Default false. */
  skipSpecial?: boolean;
}

/** Turns text into token ids and ids into text. */
export class Tokenizer {
  readonly #tokenizer: HuggingFaceTokenizer;
  /** One more than the largest token id. */
  readonly vocabularySize: number;

  /**
   * @param tokenizer the contents of `tokenizer.json`
   * @param config the contents of `tokenizer_config.json`
   * @throws UserError when they are not a tokenizer's.
   */
  constructor(tokenizer: TokenizerJson, config: TokenizerJson) {
    try {
      this.#tokenizer = new HuggingFaceTokenizer(tokenizer, config);
      let largest = -1;
      for (const id of this.#tokenizer.get_vocab().values()) largest = Math.max(largest, id);
      this.vocabularySize = largest + 1;
    } catch (error) {
      throw new UserError(`The tokenizer files are not in Hugging Face's form (${(error as Error).message}).`);
    }
  }

  /**
   * Reads `tokenizer.json` and `tokenizer_config.json`. Needs a file system.
   *
   * @throws UserError when one of them is missing or damaged.
   */
  static async fromFolder(folder: string): Promise<Tokenizer> {
    const { readJson } = await import("../checkpoint/json.ts");
    const { join } = await import("node:path");
    const [tokenizer, config] = await Promise.all([
      readJson(join(folder, "tokenizer.json")),
      readJson(join(folder, "tokenizer_config.json")),
    ]);
    return new Tokenizer(tokenizer, config);
  }

  /** The ids of a text. Special tokens that are spelled out in it become their ids; none are added. */
  encode(text: string): number[] {
    return this.#tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  /**
   * The text of some ids. Bytes that do not make up a character become U+FFFD. Ids without a token give nothing: a model's embedding
   * is often padded beyond its vocabulary.
   */
  decode(ids: readonly number[], { skipSpecial = false }: DecodeOptions = {}): string {
    const known = ids.filter((id) => this.#tokenizer.id_to_token(id) !== undefined);
    if (known.length === 0) return "";
    return this.#tokenizer.decode(known, {
      skip_special_tokens: skipSpecial,
      // Tidying removes spaces before punctuation, so text would not come back as it was.
      clean_up_tokenization_spaces: false,
    });
  }

  /** The id of a token that is spelled exactly so, or undefined. Only for special tokens is the spelling the text itself. */
  tokenId(token: string): number | undefined {
    return this.#tokenizer.token_to_id(token);
  }

  /**
   * Starts decoding ids one by one. The pieces join up to what {@link decode} gives for all ids, and no piece ends within a character.
   */
  createTextStream(options: DecodeOptions = {}): TextStream {
    let pending: number[] = [];
    let emitted = 0;
    const advance = (text: string, length: number): string => {
      const piece = text.slice(emitted, length);
      emitted = length;
      return piece;
    };
    return {
      push: (id) => {
        pending.push(id);
        const text = this.decode(pending, options);
        // Incomplete bytes show up as one replacement character at the end, and only there can later bytes still change the text.
        if (text.endsWith(REPLACEMENT)) return advance(text, text.length - REPLACEMENT.length);
        const piece = advance(text, text.length);
        pending = [];
        emitted = 0;
        return piece;
      },
      end: () => {
        const text = this.decode(pending, options);
        const piece = advance(text, text.length);
        pending = [];
        emitted = 0;
        return piece;
      },
    };
  }
}

const REPLACEMENT = "\uFFFD";
