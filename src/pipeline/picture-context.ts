import type { Picture } from "../image/picture.ts";
import { releaseValues } from "../runtime/values.ts";
import { questionPrompt, textPrompt } from "../text/prompts.ts";
import { type AnswerSettings, answerAfter } from "./answer.ts";
import { type ChatContext, type ChatReader, type ContextAnswer, requireRoom } from "./chat-context.ts";
import { type ReadContext, type ReadPrompts, readContexts, readOn, readPrompts } from "./read-prompts.ts";

/**
 * Keeps the current picture only: the cache holds the beginning of the prompt up to the picture's last token, and every question about it
 * goes on from there. So a question is read in exactly the form that models learn from pictures with a single question each.
 */
export class PictureContext implements ChatContext {
  #picture: { picture: Picture; read: ReadContext } | undefined;

  constructor(
    private readonly reader: ChatReader,
    private readonly most: number,
  ) {}

  get length(): number {
    return this.#picture?.read.lengths[0] ?? 0;
  }

  /** Nothing: what is kept depends on the current picture alone. */
  get mark(): undefined {
    return undefined;
  }

  async ask(question: string, picture: Picture | undefined, settings: AnswerSettings): Promise<ContextAnswer> {
    const { programs, tokenizer } = this.reader;
    let start: ReadPrompts;
    if (picture) {
      const { read, rest } = await this.#open(question, picture, settings);
      settings.options.signal?.throwIfAborted();
      start = await readOn(programs, read, rest);
    } else {
      const ids = tokenizer.encode(textPrompt(question));
      requireRoom(ids.length, settings, this.most);
      start = await readPrompts(programs, [ids]);
    }
    try {
      const { text, read } = await answerAfter(programs, tokenizer, start, settings);
      if (read !== start) releaseValues(read.cache);
      return { text, forgot: false };
    } finally {
      releaseValues(start.cache);
    }
  }

  async cutBack(): Promise<void> {}

  clear(): void {
    if (this.#picture) releaseValues(this.#picture.read.cache);
    this.#picture = undefined;
  }

  /** The picture, read if it was not, and the tokens of the question that stand after it. */
  async #open(
    question: string,
    picture: Picture,
    settings: AnswerSettings,
  ): Promise<{ read: ReadContext; rest: number[] }> {
    const { programs, tokenizer, look } = this.reader;
    const imageToken = this.reader.imageToken();
    const isNew = this.#picture?.picture !== picture;
    const features = isNew ? await look(picture) : undefined;
    try {
      // A prompt begins with as many tokens as a known picture has in the cache, and the last of them is the picture's.
      const places = features ? features.shape[1] : 1;
      const ids = tokenizer.encode(questionPrompt(question, places));
      const end = ids.lastIndexOf(imageToken) + 1;
      const rest = ids.slice(end);
      if (features) {
        requireRoom(ids.length, settings, this.most);
        const read = await readContexts(programs, [ids.slice(0, end)], { features, imageToken });
        this.clear();
        this.#picture = { picture, read };
      }
      requireRoom(this.length + rest.length, settings, this.most);
      return { read: this.#picture!.read, rest };
    } finally {
      if (features) releaseValues([features]);
    }
  }
}
