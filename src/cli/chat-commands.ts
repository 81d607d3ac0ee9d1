/** The commands of a conversation: lines that begin with a slash. */
import { UserError } from "../errors.ts";
import { DRAW_VERBS, EDIT_VERBS, EITHER_VERBS } from "../pipeline/chat-rule.ts";

interface Command {
  name: string;
  /** What stands after it in the help; in brackets where it may be left out. */
  takes?: string;
  does: string;
}

const COMMANDS = [
  { name: "draw", takes: "PROMPT", does: "draw a new picture" },
  { name: "edit", takes: "INSTRUCTION", does: "change the current picture" },
  { name: "ask", takes: "QUESTION", does: "ask something, about the current picture if there is one" },
  { name: "open", takes: "FILE", does: "make a picture from a file the current one" },
  { name: "save", takes: "FILE", does: "write the current picture: .png, .jpg or .webp" },
  { name: "undo", does: "go back to before the last turn" },
  { name: "seed", takes: "[N]", does: "seed of the next turn, from which later ones count on; says it without N" },
  { name: "help", does: "show this" },
  { name: "quit", does: "leave" },
] as const satisfies readonly Command[];

export type CommandName = (typeof COMMANDS)[number]["name"];

/** A line of a conversation: a command and what stands after it, or (`say`) plain words. */
export interface ChatLine {
  command: CommandName | "say";
  argument: string;
}

/**
 * Takes a line apart.
 *
 * @throws UserError for a command that does not exist, lacks what it takes, or is given what it does not take
 */
export function parseChatLine(line: string): ChatLine {
  const text = line.trim();
  if (!text.startsWith("/")) return { command: "say", argument: text };
  const [, name, argument] = /^\/(\S*)\s*(.*)$/s.exec(text) as unknown as [string, string, string];
  const command: (Command & { name: CommandName }) | undefined = COMMANDS.find((each) => each.name === name);
  if (!command) throw new UserError(`There is no command "/${name}"; /help lists those that there are.`);
  const { takes } = command;
  if (!takes && argument !== "") throw new UserError(`/${name} takes nothing after it, but "${argument}" is there.`);
  if (takes && !takes.startsWith("[") && argument === "") throw new UserError(`/${name} needs ${takes} after it.`);
  return { command: command.name, argument };
}

/** What `/help` shows. */
export function chatHelp(): string {
  const rows = COMMANDS.map((command: Command) => {
    const use = `/${command.name}${command.takes ? ` ${command.takes}` : ""}`;
    return `  ${use.padEnd(20)}${command.does}`;
  });
  return [
    ...rows,
    "",
    "Anything else is taken by its first word. It draws after:",
    `  ${DRAW_VERBS.join(", ")}`,
    "it changes the current picture after:",
    `  ${EDIT_VERBS.slice(0, 13).join(", ")},`,
    `  ${EDIT_VERBS.slice(13).join(", ")}`,
    `and after ${EITHER_VERBS.join(" or ")} it draws before "a", "an", "some" or "me", and changes before other words. What ends in a`,
    "question mark, and everything else, is a question. A leading please is left out.",
  ].join("\n");
}
