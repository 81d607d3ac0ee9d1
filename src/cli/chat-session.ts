/** What the lines of a conversation do, and what is said about it. */
import { UserError } from "../errors.ts";
import type { Picture } from "../image/picture.ts";
import type { Chat, ChatDrawing, ChatTurn, ChatWatching } from "../pipeline/chat.ts";
import type { UniPic } from "../pipeline/unipic.ts";
import { chatHelp, parseChatLine } from "./chat-commands.ts";
import { checkWritable } from "./output-files.ts";
import { provenanceEntries } from "./provenance.ts";
import { wholeNumberFor } from "./values.ts";

/** How a conversation tells what happens. */
export interface ChatVoice {
  /** A piece of an answer, as it comes. */
  piece(text: string): void;
  /** What a line did: as an object, and as a sentence for a person who watches, or (`asked`) for whoever asked for it. */
  tell(told: Record<string, unknown>, sentence: string, asked?: boolean): void;
}

export interface SessionOptions {
  model: UniPic;
  chat: Chat;
  /** The model's folder, of which saved pictures tell the name. */
  folder: string;
  drawing: ChatDrawing;
  /** Whether saved pictures tell where they come from. */
  metadata: boolean;
  voice: ChatVoice;
}

/** One conversation, line by line. */
export class ChatSession {
  constructor(private readonly options: SessionOptions) {}

  /** The current picture. */
  get picture(): Picture | undefined {
    return this.options.chat.picture;
  }

  /**
   * Does what a line says.
   *
   * @returns false when the line ends the conversation
   * @throws UserError saying what was wrong with the line; the conversation is as it was
   */
  async take(line: string, watching: ChatWatching): Promise<boolean> {
    const { chat, voice } = this.options;
    const { command, argument } = parseChatLine(line);
    const following = { ...watching, onText: (piece: string) => voice.piece(piece) };
    switch (command) {
      case "say":
        if (argument !== "") this.#tellTurn(await chat.say(argument, following));
        return true;
      case "draw":
      case "edit":
      case "ask":
        this.#tellTurn(await chat[command](argument, following));
        return true;
      case "open":
        await this.#open(argument);
        return true;
      case "save":
        await this.#save(argument);
        return true;
      case "undo":
        await this.#undo();
        return true;
      case "seed":
        if (argument !== "") chat.seed = wholeNumberFor("/seed")(argument);
        voice.tell({ kind: "seed", seed: chat.seed }, `The next turn has the seed ${chat.seed}.`, argument === "");
        return true;
      case "help":
        voice.tell({ kind: "help", text: chatHelp() }, chatHelp(), true);
        return true;
      case "quit":
        return false;
    }
  }

  #tellTurn({ kind, words, seed, text, picture, forgot }: ChatTurn): void {
    const { voice } = this.options;
    if (picture) {
      const { width, height } = picture;
      const did = kind === "draw" ? "Drew" : "Edited";
      const sentence = `${did} ${width}x${height} pixels, seed ${seed}; /save FILE keeps it.`;
      voice.tell({ kind, words, seed, width, height }, sentence);
      return;
    }
    voice.tell({ kind, words, seed, text, forgot }, forgot ? "The conversation was too long: it began anew here." : "");
  }

  async #open(file: string): Promise<void> {
    const { chat, voice } = this.options;
    const { readPicture } = await import("../image/codec.ts");
    const picture = await readPicture(file);
    await chat.open(picture);
    const { width, height } = picture;
    voice.tell({ kind: "open", file, width, height }, `Opened ${file}: ${width}x${height} pixels`);
  }

  async #save(file: string): Promise<void> {
    const { chat, metadata, voice } = this.options;
    const { picture } = chat;
    if (!picture) throw new UserError("There is no picture to save yet; draw one or open one first.");
    await checkWritable(file);
    const { writePicture } = await import("../image/codec.ts");
    const turn = chat.turns.findLast((each) => each.picture === picture);
    await writePicture(file, picture, metadata ? await this.#provenance(turn) : undefined);
    const { width, height } = picture;
    const seed = turn?.seed;
    const told = seed === undefined ? "" : `, seed ${seed}`;
    voice.tell({ kind: "save", file, width, height, seed }, `Wrote ${file}: ${width}x${height} pixels${told}`, true);
  }

  /** Where a picture comes from; nothing for one that was opened. */
  async #provenance(turn: ChatTurn | undefined): Promise<Record<string, string> | undefined> {
    if (turn?.seed === undefined) return undefined;
    const { model, folder, drawing } = this.options;
    const { drawing: settingsOf, gridOf } = await import("../pipeline/options.ts");
    const { mar } = model.config;
    const size = (turn.kind === "draw" && drawing.size) || mar.img_size;
    const asked = turn.kind === "draw" ? drawing : model.forEditing(drawing);
    const settings = settingsOf({ ...asked, seed: turn.seed }, mar, gridOf(size, mar));
    const { width, height } = turn.picture!;
    const denoising = (typeof settings.steps === "string" && Number(settings.steps)) || settings.steps;
    return provenanceEntries({
      words: turn.words,
      seed: turn.seed,
      model: folder,
      settings: { ...settings, size: [width, height], steps: denoising },
    });
  }

  async #undo(): Promise<void> {
    const { chat, voice } = this.options;
    const undone = await chat.undo();
    if (!undone) throw new UserError("There is nothing to undo.");
    const { kind, words } = undone;
    voice.tell({ kind: "undo", undone: { kind, words }, seed: chat.seed }, `Undid: ${kind}${words && ` ${words}`}`);
  }
}
