/** Values from a file as a message shows them: a file may hold anything, and a message must stay one short sentence. */

const LONGEST = 120;
const ELEMENTS = 8;

/** A text, cut where it is longer than anyone reads. */
export function clip(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}...`;
}

/** A value as JSON writes it; lists up to their first few elements, and nothing of what lies deeper. */
export function showValue(value: unknown): string {
  if (!Array.isArray(value)) return showFlat(value);
  const more = value.length > ELEMENTS ? ",..." : "";
  return `[${value.slice(0, ELEMENTS).map(showFlat).join(",")}${more}]`;
}

function showFlat(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(clip(value));
  if (Array.isArray(value)) return "[...]";
  return typeof value === "object" && value !== null ? "{...}" : String(value);
}
