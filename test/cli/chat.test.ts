import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { chatHelp, parseChatLine } from "../../src/cli/chat-commands.ts";
import { pipedLines, TerminalLines } from "../../src/cli/chat-lines.ts";
import { readPicture } from "../../src/image/codec.ts";
import { readPngText } from "../../src/image/png-text.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { type CliResult, sharedFolder, unipic } from "./run-cli.ts";

const place = await sharedFolder();
const model = join(place, "tiny");

beforeAll(() => writeTinyModel(model));

const say = (lines: readonly string[], ...args: string[]): Promise<CliResult> =>
  unipic(place, ["chat", "--model", model, "--steps", "2", "--max-tokens", "5", ...args], { input: lines.join("\n") });

describe("chat in a pipe", () => {
  it("prints plain answers, and writes pictures where /save says", async () => {
    const lines = ["draw a red car", "", "what color is it?", "/save car.png", "make it blue", "/save blue.jpg"];
    const { code, stdout, stderr } = await say(lines, "--seed", "3");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const saved = /\nWrote car\.png: 16x16 pixels, seed 3\nWrote blue\.jpg: 16x16 pixels, seed 5\n$/;
    expect(stdout).toMatch(saved);
    expect(stdout.replace(saved, "")).not.toBe("");
    const drawing = ["generate", "a red car", "--model", model, "--steps", "2", "--seed", "3", "--output", "drawn.png"];
    await unipic(place, drawing);
    expect(await readFile(join(place, "car.png"))).toEqual(await readFile(join(place, "drawn.png")));
  });

  it("begins with a picture, goes back, and leaves at /quit", async () => {
    const told = [
      "/save first.png",
      "edit it",
      "/undo",
      "/save second.png",
      "/seed 9",
      "/seed",
      "/quit",
      "/save third.png",
    ];
    const { code, stdout } = await say(told, "car.png", "--no-metadata");
    expect(code).toBe(0);
    expect(stdout).toBe(
      ["Wrote first.png: 16x16 pixels", "Wrote second.png: 16x16 pixels", "The next turn has the seed 9.", ""].join(
        "\n",
      ),
    );
    const [first, second] = await Promise.all(["first.png", "second.png"].map((name) => readFile(join(place, name))));
    expect(second).toEqual(first);
    expect(readPngText(first)).toEqual({});
  });

  it("says in a picture that was changed what edits are drawn with", async () => {
    await say(["draw a red car", "/save told.png", "make it blue", "/save changed.png"]);
    const settingsOf = async (name: string) => JSON.parse(readPngText(await readFile(join(place, name))).settings);
    expect(await settingsOf("told.png")).toMatchObject({ guidance: 3, temperature: 1 });
    expect(await settingsOf("changed.png")).toMatchObject({ guidance: 1, temperature: 0.8 });
  });

  it("ends at the first line that fails, in one sentence", async () => {
    const { code, stdout, stderr } = await say(["/seed", "make it blue", "/seed"]);
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: "The next turn has the seed 0.\n",
      stderr: "unipic: Line 2: There is no picture to change yet; draw one or open one first.\n",
    });
  });

  it("tells machines everything, and goes on after a line that failed", async () => {
    const lines = ["/draw a red car", "/ask what?", "/save x/y.png", "/open car.png", "/undo", "/seed 4", "/help"];
    const { code, stdout, stderr } = await say(lines, "--json");
    const told = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(told).toEqual([
      { kind: "draw", words: "a red car", seed: 0, width: 16, height: 16 },
      { kind: "ask", words: "what?", seed: 1, text: expect.any(String), forgot: false },
      { kind: "error", line: 3, error: 'Cannot write "x/y.png": there is no folder "x"; make it first.' },
      { kind: "open", file: "car.png", width: 16, height: 16 },
      { kind: "undo", undone: { kind: "open", words: "" }, seed: 2 },
      { kind: "seed", seed: 4 },
      { kind: "help", text: chatHelp() },
    ]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "unipic: 1 of 7 lines failed.\n" });
  });

  it("shows the current picture in the file that --preview names", async () => {
    const lines = ["draw a red car", "/save red.png", "draw a blue dog", "/save dog.png", "/undo"];
    expect((await say(lines, "--preview", "now.png")).code).toBe(0);
    const pictures = await Promise.all(["now.png", "red.png", "dog.png"].map((name) => readPicture(join(place, name))));
    expect(pictures[0]).toEqual(pictures[1]);
    expect(pictures[0]).not.toEqual(pictures[2]);
  });

  it("stops at Ctrl-C", async () => {
    const args = ["chat", "--model", model, "--steps", "900", "--progress"];
    const options = { input: "draw a red car\n/save late.png\n", interruptAt: /drawing/ };
    const { code, stderr } = await unipic(place, args, options);
    expect(code).toBe(1);
    expect(stderr).toMatch(/unipic: Stopped before the conversation was over\.\n$/);
    await expect(readFile(join(place, "late.png"))).rejects.toThrow(/ENOENT/);
  });

  it("refuses a picture that is none", async () => {
    expect((await say([], "none.png")).stderr).toMatch(/^unipic: Cannot read "none\.png"/);
  });
});

describe("a line of a conversation", () => {
  it.each([
    ["  draw a car ", "say", "draw a car"],
    ["/draw  a car ", "draw", "a car"],
    ["/save my car.png", "save", "my car.png"],
    ["/undo", "undo", ""],
    ["/seed", "seed", ""],
  ])("%j is %s", (line, command, argument) => expect(parseChatLine(line)).toEqual({ command, argument }));

  it.each([
    ["/paint", 'There is no command "/paint"; /help lists those that there are.'],
    ["/", 'There is no command "/"; /help lists those that there are.'],
    ["/save", "/save needs FILE after it."],
    ["/quit now", '/quit takes nothing after it, but "now" is there.'],
  ])("%j is refused", (line, sentence) => expect(() => parseChatLine(line)).toThrow(sentence));
});

describe("lines of a pipe", () => {
  it("come one by one to the end, and fail with the signal", async () => {
    const stop = new AbortController();
    const input = new PassThrough();
    const lines = pipedLines(input, stop.signal);
    input.write("one\r\ntwo\nthr");
    expect([await lines.next(), await lines.next()]).toEqual(["one", "two"]);
    const third = lines.next();
    stop.abort(new Error("enough"));
    await expect(third).rejects.toThrow("enough");
  });
});

describe("lines of a terminal", () => {
  const CTRL_C = "\u0003";

  function terminal() {
    const input = Object.assign(new PassThrough(), { modes: [] as boolean[], setRawMode: (raw: boolean) => raw });
    input.setRawMode = (isRaw) => {
      input.modes.push(isRaw);
      return isRaw;
    };
    const output = new PassThrough();
    let shown = "";
    output.setEncoding("utf8").on("data", (text: string) => {
      shown += text;
    });
    const lines = new TerminalLines(input, output);
    const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
    const type = async (text: string) => {
      input.write(text);
      await settle();
    };
    return { input, lines, type, settle, shown: () => shown };
  }

  it("are asked for, and kept when they come early", async () => {
    const { lines, type, shown } = terminal();
    const first = lines.next();
    await type("one\rtwo\rthree");
    expect([await first, await lines.next()]).toEqual(["one", "two"]);
    const third = lines.next();
    await type("!\r");
    expect(await third).toBe("three!");
    expect(shown()).toContain("> ");
    lines.close();
    expect(await lines.next()).toBeUndefined();
  });

  it("Ctrl-C stops work that is done, and a second one, at the prompt, leaves", async () => {
    const { input, lines, type } = terminal();
    const work = lines.working((signal) => {
      process.emit("SIGINT");
      return Promise.reject(signal.reason);
    });
    await expect(work).rejects.toThrow("Stopped.");
    expect(input.modes.slice(-2)).toEqual([false, true]);
    const next = lines.next();
    await type(CTRL_C);
    expect(await next).toBeUndefined();
    lines.close();
  });

  it("Ctrl-C at the prompt empties the line, and leaves only when pressed twice", async () => {
    const { lines, type, settle, shown } = terminal();
    const next = lines.next();
    await type(`half${CTRL_C}`);
    await type(CTRL_C);
    expect(shown()).toContain("Ctrl-C again, or /quit, leaves.");
    await type("whole\r");
    expect(await next).toBe("whole");
    const last = lines.next();
    await type(CTRL_C);
    await type(CTRL_C);
    expect(await last).toBeUndefined();
    lines.close();
    await settle();
  });
});
