/** A problem that the person at the keyboard can act on: the message says what was wrong and what would be right. */
export class UserError extends Error {
  override readonly name = "UserError";
}
