import { UserError } from "../errors.ts";
import type { Picture } from "../image/picture.ts";
import { releaseValues, type Value } from "../runtime/values.ts";
import { questionPrompt, TURN_BREAK, textPrompt } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { type AnswerSettings, answerAfter } from "./answer.ts";
import type { Programs } from "./programs.ts";
import { cutBack, type ReadPrompts, readOn, readPrompts } from "./read-prompts.ts";

/** What questions are read with. */
export interface ChatReader {
  programs: Programs;
  tokenizer: Tokenizer;
  imageToken: () => number;
  /** A picture's features for understanding: [1, count, hidden]. */
  look: (picture: Picture) => Promise<Value>;
}

/** An answer; `forgot` where the context had grown too long, and began anew with this question. */
export interface ContextAnswer {
  text: string;
  forgot: boolean;
}

/** What the language model keeps in its cache between the questions of a conversation. `Mark` is a point to which it can go back. */
export interface ChatContext<Mark = unknown> {
  /** Tokens in the cache. */
  readonly length: number;
  readonly mark: Mark;
  /** Answers a question, about a picture if there is one. A question that fails or is stopped leaves the context as it was. */
  ask(question: string, picture: Picture | undefined, settings: AnswerSettings): Promise<ContextAnswer>;
  /** Goes back to an earlier point, or to an empty context where that is not there any more. */
  cutBack(mark: Mark): Promise<void>;
  /** Forgets everything, and frees its memory on the device. */
  clear(): void;
}

export interface ConversationMark {
  /** Which beginning of the context this counts from. */
  beginning: number;
  length: number;
  unread: readonly number[];
  seen: Picture | undefined;
}

/**
 * Keeps the whole conversation: one row of a cache that grows with every question, and is never read again. In it stand, one after the
 * other, the questions and answers, and before a question the features of the picture it is about, if that picture was not there before.
 * Where it would grow beyond its most tokens, it begins anew with the question that comes.
 */
export class ConversationContext implements ChatContext<ConversationMark> {
  #read: Pick<ReadPrompts, "cache" | "lengths"> | undefined;
  /** Tokens that belong to the context and are read together with the next question. */
  #unread: readonly number[] = [];
  /** The last picture whose features stand in the context. */
  #seen: Picture | undefined;
  #beginning = 0;

  constructor(
    private readonly reader: ChatReader,
    private readonly most: number,
  ) {}

  get length(): number {
    return this.#read?.lengths[0] ?? 0;
  }

  get mark(): ConversationMark {
    return { beginning: this.#beginning, length: this.length, unread: this.#unread, seen: this.#seen };
  }

  async ask(question: string, picture: Picture | undefined, settings: AnswerSettings): Promise<ContextAnswer> {
    const isNew = picture !== undefined && picture !== this.#seen;
    let features = isNew ? await this.reader.look(picture) : undefined;
    try {
      let ids = this.#ids(question, features, this.#read !== undefined);
      const forgot = this.#read !== undefined && this.length + ids.length + settings.most > this.most;
      if (forgot) {
        features ??= picture && (await this.reader.look(picture));
        ids = this.#ids(question, features, false);
      }
      requireRoom(ids.length, settings, this.most);
      settings.options.signal?.throwIfAborted();
      const text = await this.#answer(ids, features, forgot ? undefined : this.#read, settings);
      if (forgot) this.#beginning++;
      this.#seen = picture;
      return { text, forgot };
    } finally {
      if (features) releaseValues([features]);
    }
  }

  async cutBack(mark: ConversationMark): Promise<void> {
    const { programs } = this.reader;
    if (mark.beginning !== this.#beginning || mark.length === 0) return this.clear();
    if (this.#read && mark.length < this.length) this.#read = await cutBack(programs, this.#read, mark.length);
    this.#unread = mark.unread;
    this.#seen = mark.seen;
  }

  clear(): void {
    if (this.#read) releaseValues(this.#read.cache);
    this.#read = undefined;
    this.#unread = [];
    this.#seen = undefined;
    this.#beginning++;
  }

  #ids(question: string, features: Value | undefined, continues: boolean): number[] {
    const prompt = features ? questionPrompt(question, features.shape[1]) : textPrompt(question);
    if (!continues) return this.reader.tokenizer.encode(prompt);
    return [...this.#unread, ...this.reader.tokenizer.encode(TURN_BREAK + prompt)];
  }

  async #answer(
    ids: readonly number[],
    features: Value | undefined,
    before: Pick<ReadPrompts, "cache" | "lengths"> | undefined,
    settings: AnswerSettings,
  ): Promise<string> {
    const { programs, tokenizer } = this.reader;
    const pictures = features && { features, imageToken: this.reader.imageToken() };
    const start = before ? await readOn(programs, before, ids, pictures) : await readPrompts(programs, [ids], pictures);
    let answer: Awaited<ReturnType<typeof answerAfter>>;
    try {
      answer = await answerAfter(programs, tokenizer, start, settings);
    } catch (error) {
      releaseValues(start.cache);
      throw error;
    }
    if (answer.read !== start) releaseValues(start.cache);
    if (this.#read) releaseValues(this.#read.cache);
    const { cache, lengths } = answer.read;
    this.#read = { cache, lengths };
    this.#unread = answer.unread;
    return answer.text;
  }
}

/**
 * Refuses a question that is too long by itself.
 *
 * @throws UserError when there is no room for it and its answer
 */
export function requireRoom(tokens: number, settings: AnswerSettings, most: number): void {
  if (tokens + settings.most <= most) return;
  const needed = `${tokens} tokens, and its answer may take ${settings.most}`;
  throw new UserError(`The question takes ${needed}; a conversation has room for ${most}.`);
}
