import { Command } from "commander";
import { registerChat } from "./chat.ts";
import { registerData } from "./data.ts";
import { registerDescribe } from "./describe.ts";
import { registerEdit } from "./edit.ts";
import { registerEval } from "./eval.ts";
import { registerExport } from "./export.ts";
import { type Outcome, outcomeOf } from "./failure.ts";
import { registerGenerate } from "./generate.ts";
import { registerImport } from "./import.ts";
import { registerInfo } from "./info.ts";
import { registerInit } from "./init.ts";
import { registerPull } from "./pull.ts";
import { registerQuantize } from "./quantize.ts";
import { registerTrain } from "./train.ts";
import { version } from "./version.ts";

const EXAMPLES = `
Examples:
  unipic generate "a red car on the grass"
  unipic generate "a blue bird" --count 4 --seed 7 --output bird.png
  unipic edit unipic.png "change the color of the car to blue"
  unipic describe unipic.png "What color is the car?"
  unipic chat
  unipic eval world-objects
  unipic info

Every command has its own help: unipic generate --help`;

/** The whole command line. Commands load what they compute with when they run, so that help comes at once. */
function buildProgram(): Command {
  const program = new Command("unipic")
    .description("Draws pictures from words, edits them by instruction and describes them, with one model.")
    .version(version(), "--version", "print the version")
    .helpOption("--help", "show this help")
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, "unipic: ").replace(/\n\((.+)\)/, " ($1)")),
    });
  for (const register of [
    registerGenerate,
    registerEdit,
    registerDescribe,
    registerChat,
    registerTrain,
    registerExport,
    registerData,
    registerEval,
    registerInfo,
    registerImport,
    registerPull,
    registerInit,
    registerQuantize,
  ]) {
    register(program);
  }
  for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])]) {
    command.option("--debug", "show where an error comes from (also with UNIPIC_DEBUG=1)");
  }
  return program;
}

/** Runs one command line, without the program's name; says what went wrong on stderr. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    await buildProgram().parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    const { code, message }: Outcome = outcomeOf(error, isDebugging(args));
    if (message) process.stderr.write(`${message}\n`);
    return code;
  }
}

function isDebugging(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const options = end < 0 ? args : args.slice(0, end);
  return options.includes("--debug") || Boolean(process.env.UNIPIC_DEBUG);
}
