import { UserError } from "../errors.ts";
import type { Picture } from "../image/picture.ts";
import type { TextDecoding } from "../sampling/text-decoding.ts";
import { answerSettings } from "./answer.ts";
import { type ChatContext, type ChatReader, ConversationContext } from "./chat-context.ts";
import { type ChatTask, requestOf } from "./chat-rule.ts";
import { type DescribeOptions, type DrawOptions, type GenerateOptions, requireWords, within } from "./options.ts";
import { PictureContext } from "./picture-context.ts";
import type { UniPic } from "./unipic.ts";

/**
 * What a question is answered in view of: the whole conversation, or the current picture alone, which is the form of models that were
 * trained with one question a picture.
 */
export type ChatMemory = "conversation" | "picture";

export const CHAT_MEMORIES: readonly ChatMemory[] = ["conversation", "picture"];

/** How every picture of a conversation is drawn where a turn says nothing else. */
export type ChatDrawing = Omit<GenerateOptions, "seed" | "count" | keyof ChatWatching>;

/** How every question of a conversation is answered where a turn says nothing else. */
export type ChatAnswering = TextDecoding & Pick<DescribeOptions, "maxTokens">;

/** Following a turn while it is worked on, and stopping it. */
export type ChatWatching = Pick<DrawOptions, "signal" | "onProgress" | "onPreview" | "previewEvery"> &
  Pick<DescribeOptions, "onText">;

export interface ChatOptions {
  /** The seed of the first turn; every later turn has the next one. Default 0. */
  seed?: number;
  /** A picture to begin with. */
  picture?: Picture;
  drawing?: ChatDrawing;
  answering?: ChatAnswering;
  /** What questions are answered in view of. Default: what the model's folder says, else `conversation`. */
  remember?: ChatMemory;
  /** The most tokens, of text and of pictures, that questions are answered in view of. Default 4096. */
  contextTokens?: number;
}

/** What one turn of a conversation was, and what came of it. */
export interface ChatTurn {
  kind: ChatTask | "open";
  /** The prompt, the instruction or the question; empty for a picture that was opened. */
  words: string;
  /** What chance was seeded with; undefined for a picture that was opened. */
  seed?: number;
  /** The answer to a question. */
  text?: string;
  /** The picture that was drawn, edited or opened. */
  picture?: Picture;
  /** True where the context had grown too long, and began anew with this question. */
  forgot?: boolean;
}

/** A turn, and how things stood before it. */
interface Past {
  turn: ChatTurn;
  picture: Picture | undefined;
  seed: number;
  mark: unknown;
}

/**
 * A conversation in which a model answers, draws and edits in turn. It has one current picture: the one drawn, edited or opened last.
 *
 * What enters which context: a question continues what the language model has in its cache (see {@link ConversationContext} and
 * {@link PictureContext}), with the current picture's features before the first question about it. Drawing and editing read the prompts that
 * the model was trained to draw and edit with and nothing else: `Generate an image: ...`, or the current picture and the instruction.
 * A turn that fails or is stopped changes nothing.
 *
 * @example
 * const chat = model.chat({ seed: 1 });
 * await chat.say("draw a red car");
 * const { text } = await chat.say("what color is the car?");
 * const { picture } = await chat.say("make the car blue");
 */
export class Chat {
  readonly #model: UniPic;
  readonly #context: ChatContext;
  readonly #options: ChatOptions;
  readonly #past: Past[] = [];
  #picture: Picture | undefined;
  #seed: number;
  #isBusy = false;

  constructor(model: UniPic, reader: ChatReader, options: ChatOptions) {
    this.#model = model;
    const most = within("contextTokens", options.contextTokens ?? 4096, 16, 2 ** 20, true);
    const Context = options.remember === "picture" ? PictureContext : ConversationContext;
    this.#context = new Context(reader, most);
    this.#options = options;
    this.#picture = options.picture;
    this.#seed = checkSeed(options.seed ?? 0);
  }

  /** The picture that questions are about and that is edited; undefined before there is one. */
  get picture(): Picture | undefined {
    return this.#picture;
  }

  /** What was said so far, without what was undone. */
  get turns(): readonly ChatTurn[] {
    return this.#past.map(({ turn }) => turn);
  }

  /** Tokens that the language model has in its cache. */
  get contextTokens(): number {
    return this.#context.length;
  }

  /** The seed of the next turn; the turns after it go on counting from there. */
  get seed(): number {
    return this.#seed;
  }

  set seed(seed: number) {
    this.#seed = checkSeed(seed);
  }

  /**
   * Does what the text asks for by its first word (see {@link requestOf} for the rule): draws, edits or answers.
   *
   * @throws UserError for an empty text, or an edit where there is no picture
   */
  async say(text: string, watching: ChatWatching = {}): Promise<ChatTurn> {
    const { task, words } = requestOf(text);
    if (task === "draw") return this.draw(words, watching);
    return task === "edit" ? this.edit(words, watching) : this.ask(words, watching);
  }

  /** Draws a picture, which becomes the current one. */
  draw(prompt: string, options: ChatDrawing & ChatWatching = {}): Promise<ChatTurn> {
    return this.#turn(async (seed) => {
      const [picture] = await this.#model.generate(prompt, { ...this.#options.drawing, ...options, seed });
      return { kind: "draw", words: prompt, seed, picture };
    });
  }

  /** Changes the current picture; the result becomes the current one. */
  edit(instruction: string, options: Omit<ChatDrawing, "size"> & ChatWatching = {}): Promise<ChatTurn> {
    return this.#turn(async (seed) => {
      const source = this.#picture;
      if (!source) throw new UserError("There is no picture to change yet; draw one or open one first.");
      const { size: _, ...drawing } = this.#options.drawing ?? {};
      const [picture] = await this.#model.edit(source, instruction, { ...drawing, ...options, seed });
      return { kind: "edit", words: instruction, seed, picture };
    });
  }

  /** Answers a question: about the current picture if there is one, and in view of the questions and answers before. */
  ask(question: string, options: ChatAnswering & ChatWatching = {}): Promise<ChatTurn> {
    return this.#turn(async (seed) => {
      requireWords(question, "question", "What is in the picture?");
      const settings = answerSettings({ ...this.#options.answering, ...options, seed });
      return { kind: "ask", words: question, seed, ...(await this.#context.ask(question, this.#picture, settings)) };
    });
  }

  /** Makes a picture from elsewhere the current one. */
  open(picture: Picture): Promise<ChatTurn> {
    return this.#turn(async () => ({ kind: "open", words: "", picture }));
  }

  /** Goes back to before the last turn: picture, seed and what the language model has read. Gives that turn, or undefined before the first. */
  async undo(): Promise<ChatTurn | undefined> {
    return this.#alone(async () => {
      const last = this.#past.at(-1);
      if (!last) return undefined;
      await this.#context.cutBack(last.mark);
      this.#past.pop();
      this.#picture = last.picture;
      this.#seed = last.seed;
      return last.turn;
    });
  }

  /** Forgets what questions are answered in view of, but for the current picture, and frees its memory on the device. */
  release(): void {
    this.#context.clear();
  }

  #turn(work: (seed: number) => Promise<ChatTurn>): Promise<ChatTurn> {
    return this.#alone(async () => {
      const before = { picture: this.#picture, seed: this.#seed, mark: this.#context.mark };
      const turn = await work(this.#seed);
      this.#past.push({ turn, ...before });
      this.#picture = turn.picture ?? this.#picture;
      if (turn.seed !== undefined) this.#seed = turn.seed + 1;
      return turn;
    });
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isBusy)
      throw new UserError("The conversation is still busy with the turn before; wait for it, or stop it.");
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }
}

const checkSeed = (seed: number): number => within("seed", seed, 0, Number.MAX_SAFE_INTEGER - 2 ** 20, true);
