/** The prompts that the model was trained with: Qwen2.5's chat form around UniPic's own wordings (arXiv 2508.03320). */
import { UserError } from "../errors.ts";

/** Stands for one image feature; a prompt repeats it once for each. */
export const IMAGE_TOKEN = "<image>";

/** Ends a text. */
export const END_OF_TEXT = "<|endoftext|>";

/** Begins a turn of a chat. */
export const TURN_START = "<|im_start|>";

/** Ends a turn of a chat, and with it an answer. */
export const TURN_END = "<|im_end|>";

/** Everything that the tokenizer takes as a sign and not as text. */
export const SPECIAL_TOKENS = [END_OF_TEXT, TURN_START, TURN_END, IMAGE_TOKEN] as const;

/** What stands between an answer and the next turn. */
export const TURN_BREAK = `${TURN_END}\n`;

/** One user turn, up to where the assistant begins to answer. Special tokens in `text` count as such. */
export function chatPrompt(text: string): string {
  return `${TURN_START}user\n${text}${TURN_END}\n${TURN_START}assistant\n`;
}

/**
 * Asks for a picture of `prompt`.
 *
 * @throws UserError when `prompt` contains a special token.
 */
export function generationPrompt(prompt: string): string {
  return chatPrompt(`Generate an image: ${plain(prompt)}`);
}

/** The unconditional twin of every {@link generationPrompt}, for classifier-free guidance. */
export const generationTwin: string = chatPrompt("Generate an image.");

/**
 * Asks for a change to a picture.
 *
 * @param imageTokens number of image features that the picture takes
 * @throws UserError when `instruction` contains a special token.
 */
export function editPrompt(instruction: string, imageTokens: number): string {
  return chatPrompt(`${imagePlaces(imageTokens)}\n${plain(instruction)}`);
}

/** The unconditional twin of every {@link editPrompt} with the same number of image features. */
export function editTwin(imageTokens: number): string {
  return chatPrompt(`${imagePlaces(imageTokens)}\nRepeat this image.`);
}

/**
 * Asks about a picture.
 *
 * @param imageTokens number of image features that the picture takes
 * @throws UserError when `question` contains a special token.
 */
export function questionPrompt(question: string, imageTokens: number): string {
  return chatPrompt(`${imagePlaces(imageTokens)}\n${plain(question)}`);
}

/** What something is drawn on by itself: colors of plain backgrounds that hardly anything has. */
export const BACKDROPS = ["teal", "cream"] as const;

/** A prompt, to {@link generationPrompt}, that has something drawn by itself. */
export const alonePrompt = (words: string, backdrop: (typeof BACKDROPS)[number]): string =>
  `${words} on a ${backdrop} background`;

/**
 * Asks something in words alone, or more about a picture that was shown before.
 *
 * @throws UserError when `question` contains a special token.
 */
export function textPrompt(question: string): string {
  return chatPrompt(plain(question));
}

function imagePlaces(count: number): string {
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`A picture takes one image token or more, not ${count}.`);
  return IMAGE_TOKEN.repeat(count);
}

/** A person's own words. A special token among them would break the turn, or the count of image tokens. */
function plain(words: string): string {
  const special = SPECIAL_TOKENS.find((token) => words.includes(token));
  if (special)
    throw new UserError(`The text may not contain "${special}", which has a meaning of its own to the model.`);
  return words;
}
