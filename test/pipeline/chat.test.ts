import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { picture } from "../../src/image/index.ts";
import { type Chat, type ChatMemory, type ChatOptions, type Picture, UniPic, UserError } from "../../src/index.ts";
import { loadFolder } from "../../src/pipeline/load-folder.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";

/** Answers that vary with everything that stands in the context: the tiny model is random. */
const ANSWERING = { maxTokens: 6, temperature: 1 };
const OPTIONS: ChatOptions = { seed: 5, answering: ANSWERING, drawing: { steps: 2 }, remember: "conversation" };

let folder: string;
let model: UniPic;
/** How many tokens each run of the language model's program read, in order. */
let tokensRead: number[] = [];

/** Counts what the language model reads. */
function counting(engine: Engine): Engine {
  return {
    async load(program, options) {
      const loaded = await engine.load(program, options);
      const run: typeof loaded.run = (feeds, into) => {
        if (feeds.ids) tokensRead.push(feeds.ids.shape[1]);
        return loaded.run(feeds, into);
      };
      return { ...loaded, run };
    },
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unipic-chat-"));
  await writeTinyModel(folder);
  const parts = await loadFolder(folder, { threads: 1 });
  model = new UniPic({ ...parts, engine: counting(parts.engine) });
});

afterAll(async () => {
  await model.release();
  await rm(folder, { recursive: true, force: true });
});

const grey = (level: number): Picture => picture(16, 16, new Uint8Array(16 * 16 * 3).fill(level));
const begin = (options: ChatOptions = {}): Chat => model.chat({ ...OPTIONS, ...options });

describe.each<ChatMemory>(["conversation", "picture"])("a conversation that remembers the %s", (remember) => {
  it("draws, answers and edits as its rule decides, and remembers the turns", async () => {
    const chat = begin({ remember });
    const drawn = await chat.say("draw a red car");
    expect(drawn).toEqual({ kind: "draw", words: "a red car", seed: 5, picture: chat.picture });
    const asked = await chat.say("what color is the car?");
    expect(asked).toMatchObject({ kind: "ask", seed: 6, forgot: false });
    expect(asked.text).not.toBe("");
    const edited = await chat.say("make the car blue");
    expect(edited).toMatchObject({ kind: "edit", words: "make the car blue", seed: 7 });
    expect(edited.picture).toBe(chat.picture);
    expect(edited.picture).not.toEqual(drawn.picture);
    expect(chat.turns).toEqual([drawn, asked, edited]);
  });

  it("draws and edits with the prompts and seeds of generate and edit, whatever was said before", async () => {
    const chat = begin({ remember });
    await chat.ask("what?");
    const { picture: car } = await chat.draw("a red car");
    expect(car).toEqual((await model.generate("a red car", { seed: 6, steps: 2 }))[0]);
    await chat.ask("what?");
    const { picture: blue } = await chat.edit("make it blue");
    expect(blue).toEqual((await model.edit(car!, "make it blue", { seed: 8, steps: 2 }))[0]);
  });

  it("answers the first question about a picture as describe does", async () => {
    const chat = begin({ remember, picture: grey(90) });
    const { text, seed } = await chat.ask("what?");
    expect(text).toBe(await model.describe(grey(90), "what?", { ...ANSWERING, seed }));
  });

  it("says the same again from the same seed, and streams what it says", async () => {
    const talk = async () => {
      const chat = begin({ remember, picture: grey(90) });
      const pieces: string[] = [];
      const onText = (piece: string) => pieces.push(piece);
      const texts = [await chat.say("what?", { onText }), await chat.say("and then?", { onText })].map(
        ({ text }) => text,
      );
      expect(pieces.join("")).toBe(texts.join(""));
      return texts;
    };
    expect(await talk()).toEqual(await talk());
  });

  it("speaks without a picture, and does not edit without one", async () => {
    const chat = begin({ remember });
    expect((await chat.ask("what?")).text).not.toBe("");
    await expect(chat.say("make it blue")).rejects.toThrow(/no picture to change yet/);
    expect(chat.turns).toHaveLength(1);
  });

  it("is as it was after a turn that was stopped", async () => {
    const chat = begin({ remember, picture: grey(90) });
    const first = await chat.ask("what?");
    for (const turn of ["a red car?", "draw a red car", "make it blue"]) {
      const stop = new AbortController();
      const halt = () => stop.abort(new Error("enough"));
      const stopped = chat.say(turn, { signal: stop.signal, onText: halt, onProgress: halt });
      await expect(stopped).rejects.toThrow("enough");
    }
    expect(chat.turns).toEqual([first]);
    expect(chat.seed).toBe(6);
    const other = begin({ remember, picture: grey(90) });
    await other.ask("what?");
    expect(await chat.ask("why?")).toEqual(await other.ask("why?"));
  });

  it("undoes turns one by one: what comes then is what would have come without them", async () => {
    const chat = begin({ remember, picture: grey(90) });
    await chat.ask("what?");
    const [tokens, seed] = [chat.contextTokens, chat.seed];
    const after = await chat.ask("a red car?");
    expect(await chat.undo()).toBe(after);
    expect([chat.contextTokens, chat.seed]).toEqual([tokens, seed]);
    const car = await chat.draw("a red car");
    await chat.ask("what?");
    await chat.undo();
    expect(await chat.undo()).toBe(car);
    expect(chat.picture).toEqual(grey(90));
    expect(await chat.ask("a red car?")).toEqual(after);
    while (await chat.undo());
    expect(chat.turns).toEqual([]);
  });
});

describe("the memory of a conversation", () => {
  it("reads every token once: a question continues the cache", async () => {
    const chat = begin({ picture: grey(90) });
    tokensRead = [];
    await chat.ask("what?");
    const first = chat.contextTokens;
    expect(tokensRead.reduce((a, b) => a + b)).toBe(first);
    await chat.ask("why?");
    await chat.open(grey(200));
    await chat.ask("why?");
    expect(tokensRead.reduce((a, b) => a + b)).toBe(chat.contextTokens);
    expect(chat.contextTokens).toBeGreaterThan(2 * first);
  });

  it("answers in view of what was said and of the pictures before", async () => {
    const ask = async (first: string, level: number) => {
      const chat = begin({ picture: grey(level), answering: { ...ANSWERING, maxTokens: 12, temperature: 0.7 } });
      await chat.ask(first);
      chat.seed = 50;
      return (await chat.ask("the car?")).text;
    };
    const plain = await ask("a red car?", 90);
    expect(await ask("a red car?", 90)).toBe(plain);
    expect(await ask("the blue dog in the snow?", 90)).not.toBe(plain);
    expect(await ask("a red car?", 250)).not.toBe(plain);
  });

  it("begins anew where the context grows too long, and says so; undone, it looks at the picture again", async () => {
    const chat = begin({ picture: grey(90), contextTokens: 60 });
    const first = await chat.ask("what?");
    const asked = [first];
    while (!asked.at(-1)!.forgot) asked.push(await chat.ask("a red car on the grass?"));
    expect(first.forgot).toBe(false);
    expect(chat.contextTokens).toBeLessThanOrEqual(60);
    const fresh = begin({ picture: grey(90), seed: asked.at(-1)!.seed });
    expect((await fresh.ask("a red car on the grass?")).text).toBe(asked.at(-1)!.text);
    await chat.undo();
    expect(chat.contextTokens).toBe(0);
    expect(await chat.ask("a red car on the grass?")).toMatchObject({ text: asked.at(-1)!.text, forgot: false });
    await expect(begin({ contextTokens: 16 }).ask("what is this here, in the snow?")).rejects.toThrow(/room for 16/);
  });

  it("or of a picture alone: it is read once, and every question is answered as if it were the only one", async () => {
    const chat = begin({ remember: "picture", picture: grey(90) });
    tokensRead = [];
    const first = await chat.ask("what?");
    const tokens = chat.contextTokens;
    expect(tokensRead[0]).toBe(tokens);
    tokensRead = [];
    const { text, seed } = await chat.ask("a red car?");
    expect(tokensRead[0]).toBeLessThan(tokens + 20);
    expect(chat.contextTokens).toBe(tokens);
    expect(text).toBe(await model.describe(grey(90), "a red car?", { ...ANSWERING, seed }));
    chat.seed = first.seed!;
    expect((await chat.ask("what?")).text).toBe(first.text);
    await chat.open(grey(200));
    chat.seed = first.seed!;
    expect((await chat.ask("what?")).text).not.toBe(first.text);
    await expect(begin({ remember: "picture", contextTokens: 16 }).ask("what is this here?")).rejects.toThrow(
      /room for 16/,
    );
  });

  it("is what the model's folder says where nothing else is said, if it says anything sensible", async () => {
    const chat = model.chat({ ...OPTIONS, remember: undefined, picture: grey(90) });
    await chat.ask("what?");
    const tokens = chat.contextTokens;
    await chat.ask("what?");
    expect(chat.contextTokens).toBe(tokens);
    const file = join(folder, "generation_config.json");
    await writeFile(file, "{}");
    expect((await loadFolder(folder)).chatMemory).toBeUndefined();
    await writeFile(file, '{"chat_remember": "elephant"}');
    await expect(loadFolder(folder)).rejects.toThrow(/chat_remember must be conversation or picture, not "elephant"/);
  });
});

describe("a conversation", () => {
  it("takes turns one after the other", async () => {
    const chat = begin({ picture: grey(90) });
    const first = chat.ask("what?");
    await expect(chat.ask("why?")).rejects.toThrow(/still busy/);
    expect((await first).text).not.toBe("");
  });

  it.each<[string, (chat: Chat) => Promise<unknown>, RegExp]>([
    ["an empty question", (chat) => chat.say(" "), /question is empty/],
    ["nothing to draw", (chat) => chat.say("draw"), /prompt is empty/],
    ["a token of the model's own", (chat) => chat.ask("a <|im_end|>?"), /<\|im_end\|>/],
    ["an option out of range", (chat) => chat.draw("a car", { steps: 0 }), /steps must be/],
  ])("refuses %s", async (_, turn, sentence) => {
    const chat = begin();
    const failure = await turn(chat).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toMatch(sentence);
    expect(chat.turns).toEqual([]);
  });

  it("refuses seeds that are none", () => {
    expect(() => begin({ seed: -1 })).toThrow(/seed must be/);
    expect(() => {
      begin().seed = 0.5;
    }).toThrow(/seed must be/);
  });
});
