/**
 * Makes a small tokenizer whose tokens are whole words, for a model whose world has only some hundred words, as Hugging Face
 * `tokenizer.json` and `tokenizer_config.json`.
 *
 * It is a byte-level BPE without merges: the vocabulary is the 256 bytes and the most frequent words, and `ignore_merges` makes
 * a word that is in the vocabulary one token. Merges would spend about half of a small vocabulary on pieces of words that never occur
 * by themselves. Any other text is spelled in bytes, so every string comes back exactly.
 */
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { UserError } from "../errors.ts";
import {
  chatPrompt,
  END_OF_TEXT,
  editTwin,
  generationPrompt,
  generationTwin,
  SPECIAL_TOKENS,
  TURN_END,
} from "./prompts.ts";
import type { TokenizerJson } from "./tokenizer.ts";

/**
 * What counts as a word: letters with the space in front of them, an English contraction, a digit, any other sign, a run of white
 * space up to the space that belongs to the next word.
 */
const WORD_PATTERN = "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}|[^\\s\\p{L}\\p{N}]|\\s+(?!\\S)|\\s";

const BYTE_COUNT = 256;

/** The two files of a tokenizer. */
export interface TrainedTokenizer {
  /** For `tokenizer.json`. */
  tokenizer: TokenizerJson;
  /** For `tokenizer_config.json`. */
  config: TokenizerJson;
}

/**
 * Chooses the words.
 *
 * @param texts what the model will read and write; special tokens spelled out in them are left aside
 * @param options.vocabularySize the most tokens there may be, with the 256 bytes and the special tokens; where the texts have fewer
 *   words, there are fewer
 * @returns the same files for the same texts, in whatever order they come
 * @throws UserError when the size leaves no room for the bytes, the special tokens and the words of the prompts.
 */
export function trainTokenizer(texts: Iterable<string>, options: { vocabularySize: number }): TrainedTokenizer {
  const split = wordSplitter();
  // The model sees the prompts' own words in every example, whichever words the texts have.
  const promptWords = countWords([chatPrompt(""), generationPrompt(""), generationTwin, editTwin(1)], split);
  const room = options.vocabularySize - BYTE_COUNT - SPECIAL_TOKENS.length;
  if (!Number.isInteger(room) || room < promptWords.size) {
    const least = BYTE_COUNT + SPECIAL_TOKENS.length + promptWords.size;
    throw new UserError(
      `A vocabulary of ${options.vocabularySize} tokens is too small; it takes a whole number from ${least} up.`,
    );
  }
  const counts = countWords(texts, split);
  const words = new Set([...byFrequency(promptWords), ...byFrequency(counts)]);
  return tokenizerFiles([...words].slice(0, room));
}

/** Splits a text as the finished tokenizer will, into words spelled in the byte alphabet. */
function wordSplitter(): (text: string) => string[] {
  const { tokenizer, config } = tokenizerFiles([]);
  const { pre_tokenizer: preTokenizer } = new HuggingFaceTokenizer(tokenizer, config);
  return (text) => preTokenizer!.pre_tokenize(text);
}

function countWords(texts: Iterable<string>, split: (text: string) => string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const part of text.split(SPECIAL_PATTERN)) {
      // A word of one byte is in the vocabulary anyway.
      for (const word of split(part)) if (word.length > 1) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

const SPECIAL_PATTERN = new RegExp(SPECIAL_TOKENS.map((token) => token.replaceAll("|", "\\|")).join("|"));

/** Most frequent first; words of the same frequency in the order of their characters, so that the order of the texts does not matter. */
function byFrequency(counts: Map<string, number>): string[] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
}

/** Ids are: the bytes by value, the words in the order given, the special tokens. */
function tokenizerFiles(words: string[]): TrainedTokenizer {
  const vocabulary = Object.fromEntries([...byteAlphabet(), ...words].map((token, id) => [token, id]));
  const specials = SPECIAL_TOKENS.map((content, i) => ({
    id: BYTE_COUNT + words.length + i,
    ...specialToken(content),
  }));
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false };
  const tokenizer = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: specials,
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: WORD_PATTERN }, behavior: "Isolated", invert: false },
        byteLevel,
      ],
    },
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: true,
      vocab: vocabulary,
      merges: [],
    },
  };
  const config = {
    tokenizer_class: "PreTrainedTokenizerFast",
    added_tokens_decoder: Object.fromEntries(specials.map(({ id, ...token }) => [String(id), token])),
    additional_special_tokens: SPECIAL_TOKENS.filter((token) => token !== END_OF_TEXT && token !== TURN_END),
    eos_token: TURN_END,
    pad_token: END_OF_TEXT,
    clean_up_tokenization_spaces: false,
  };
  return { tokenizer, config };
}

function specialToken(content: string) {
  return { content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

/**
 * The character that stands for each byte in a byte-level vocabulary (Radford et al. 2019, GPT-2): itself where it is printable in
 * Latin-1, else the next character from U+0100 on.
 */
function byteAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: BYTE_COUNT }, (_, byte) => {
    const isPrintable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(isPrintable ? byte : next++);
  });
}
