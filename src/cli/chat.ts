import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { UserError } from "../errors.ts";
import type { Picture } from "../image/picture.ts";
import { CHAT_MEMORIES, type ChatMemory } from "../models/generation.ts";
import type { DrawProgress } from "../pipeline/options.ts";
import type { UniPic } from "../pipeline/unipic.ts";
import { type ChatLines, pipedLines, TerminalLines } from "./chat-lines.ts";
import { ChatSession, type ChatVoice } from "./chat-session.ts";
import { showProgress } from "./drawing.ts";
import { Interrupted, outcomeOf } from "./failure.ts";
import { interruptible } from "./interruptible.ts";
import { addModelOptions, type ModelOptions, modelFolderOf, withModel } from "./model-options.ts";
import { addPreviewOptions, type PreviewOptions, previewFiles, type ShowPictures } from "./preview-files.ts";
import { ProgressLine } from "./progress-line.ts";
import { addSamplingOptions, type SamplingOptions, samplingOf } from "./sampling-options.ts";
import { oneOf, parseSize, wholeNumberFor } from "./values.ts";

interface ChatCommandOptions extends ModelOptions, PreviewOptions, SamplingOptions {
  seed: number;
  size?: [number, number];
  maxTokens?: number;
  remember?: ChatMemory;
  metadata: boolean;
  json?: boolean;
  progress?: boolean;
  debug?: boolean;
}

const EXAMPLES = `
Examples:
  unipic chat
  unipic chat car.png --preview now.png         a viewer that shows now.png shows pictures as they come
  printf 'draw a red car\\nwhat color is it?\\n/save car.png\\n' | unipic chat --seed 1

Inside, /help lists the commands. In a pipe every line is a turn: answers go to stdout, pictures where /save says, and the first line that
fails ends the conversation. With --json every line gives one JSON object, one that failed too, and the conversation goes on.`;

/** `unipic chat`: a conversation in which the model draws, edits and answers in turn. */
export function registerChat(program: Command): void {
  const command = program
    .command("chat")
    .description("Talk with the model, which draws, changes pictures and answers in turn.")
    .argument("[picture]", "a picture to begin with: PNG, JPEG, WebP, GIF, TIFF or AVIF")
    .addHelpText("after", EXAMPLES);
  addModelOptions(command)
    .option("--seed <n>", "seed of the first turn; every later one has the next", wholeNumberFor("--seed"), 0)
    .option("--size <n|WxH>", "pixels of what is drawn (default: what the model was trained at)", parseSize)
    .option("--max-tokens <n>", "longest answer (default: 64)", wholeNumberFor("--max-tokens", 1, 4096))
    .option(
      "--remember <what>",
      "what answers are in view of: the whole conversation, or the picture alone (default: as the model was trained)",
      oneOf("--remember", CHAT_MEMORIES),
    )
    .option("--no-metadata", "leave prompt, seed, model and settings out of PNG files")
    .option("--json", "print one JSON object a line")
    .option("--progress", "show progress even where stderr is no terminal");
  addPreviewOptions(addSamplingOptions(command)).action(chat);
}

async function chat(path: string | undefined, options: ChatCommandOptions): Promise<void> {
  const { readPicture } = await import("../image/codec.ts");
  const picture = path === undefined ? undefined : await readPicture(path);
  const showPictures = await previewFiles(options, 1);
  const folder = await modelFolderOf(options);
  const isTerminal = !options.json && Boolean(process.stdin.isTTY && process.stdout.isTTY);
  const converse = async (lines: ChatLines) => {
    try {
      await withModel(folder, options, async (model) => {
        const { seed, size, maxTokens, remember, metadata } = options;
        const drawing = { size, ...samplingOf(options) };
        const chat = model.chat({ seed, picture, drawing, answering: { maxTokens }, remember });
        const progress = new ProgressLine(options.progress ?? process.stderr.isTTY ?? false);
        const voice = options.json ? jsonVoice() : plainVoice(isTerminal, progress);
        const session = new ChatSession({ model, chat, folder, drawing, metadata, voice });
        if (isTerminal) greet(model, folder);
        await talk(lines, session, { ...options, isTerminal, progress, showPictures });
      });
    } finally {
      lines.close();
    }
  };
  // Lines are taken from before the model is loaded, so that none that comes meanwhile is lost.
  if (isTerminal) return converse(new TerminalLines(process.stdin, process.stdout));
  const sentence = "Stopped before the conversation was over.";
  return interruptible(sentence, (signal) => converse(pipedLines(process.stdin, signal)));
}

function greet({ config }: UniPic, folder: string): void {
  const { img_size: side } = config.mar;
  console.log(
    `${basename(resolve(folder))}, ${side}x${side} pixels. Say what to draw, what to change, or ask; /help helps.`,
  );
}

interface Talking extends Pick<ChatCommandOptions, "json" | "previewEvery" | "debug"> {
  isTerminal: boolean;
  progress: ProgressLine;
  showPictures: ShowPictures | undefined;
}

/** Takes lines to their end. What fails is said; it ends the conversation only where nobody is there who could say it better. */
async function talk(lines: ChatLines, session: ChatSession, options: Talking): Promise<void> {
  const { json, isTerminal, progress, showPictures: onPreview, previewEvery } = options;
  const onProgress = (state: DrawProgress) => progress.show(showProgress(state));
  let [count, failed] = [0, 0];
  let shown: Picture | undefined;
  const take = async (line: string): Promise<boolean> => {
    try {
      return await lines.working((signal) => session.take(line, { signal, onProgress, onPreview, previewEvery }));
    } catch (error) {
      // A turn that came to nothing may have left its previews in the file.
      shown = undefined;
      throw error;
    } finally {
      progress.clear();
      const { picture } = session;
      if (picture && picture !== shown) await onPreview?.({ pictures: [picture], first: 0 });
      shown = picture;
    }
  };
  for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
    count++;
    try {
      if (!(await take(line))) break;
    } catch (error) {
      if (!isTerminal && error instanceof Interrupted) throw error;
      failed++;
      const message = outcomeOf(error, options.debug ?? false).message?.replace(/^unipic: /, "");
      if (json) console.log(JSON.stringify({ kind: "error", line: count, error: message }));
      else if (isTerminal) process.stderr.write(`${message}\n`);
      else if (error instanceof UserError) throw new UserError(`Line ${count}: ${error.message}`, { cause: error });
      else throw error;
    }
  }
  if (json && failed > 0) throw new UserError(`${failed} of ${count} lines failed.`);
}

/** Answers as they come; sentences for a person who watches, or only those that were asked for. */
function plainVoice(isWatched: boolean, progress: ProgressLine): ChatVoice {
  return {
    piece: (text) => process.stdout.write(text),
    tell({ kind }, sentence, asked = false) {
      progress.clear();
      if (kind === "ask") process.stdout.write("\n");
      if (sentence !== "" && (asked || isWatched)) console.log(sentence);
    },
  };
}

/** One JSON object a line. */
function jsonVoice(): ChatVoice {
  return { piece: () => {}, tell: (told) => console.log(JSON.stringify(told)) };
}
