import { SPECIAL_TOKENS } from "../../text/prompts.ts";
import { MOST_CHARACTERS } from "./limits.ts";
import { type DataRecord, isLatentField, isPictureField, LATENTS } from "./record.ts";

/** What a sample teaches. One sample can be of several kinds: a picture with a caption and a question. */
export const SAMPLE_KINDS = ["text-to-image", "question-answer", "edit"] as const;
export type SampleKind = (typeof SAMPLE_KINDS)[number];

/** What is learned from samples. */
export const TASKS = ["generation", "editing", "understanding", "contrast"] as const;
export type DataTask = (typeof TASKS)[number];

/** Whether a task draws: its pictures are cut and encoded, where those of the others are looked at whole. */
export const draws = (task: DataTask): boolean => task === "generation" || task === "editing";

/** A sample whose texts have been read; its pictures are still the bytes of their files, or of their latents. */
export interface Sample {
  key: string;
  texts: SampleTexts;
  /** A picture file's bytes, or float16 latents, by what the picture is. */
  pictures: Partial<Record<PictureRole, Uint8Array>>;
  /** What the pictures' files end in. */
  endings: Partial<Record<PictureRole, string>>;
  /** Whether `pictures` are latents. */
  isEncoded: boolean;
}

export interface SampleTexts {
  caption?: string;
  question?: string;
  answer?: string;
  instruction?: string;
}

/** The picture that a caption or a question is about, and an edit's two. */
export const PICTURE_ROLES = ["image", "source", "target"] as const;
export type PictureRole = (typeof PICTURE_ROLES)[number];

const TEXTS = ["caption", "question", "answer", "instruction"] as const;

/** A sample, or why it is none. */
export type Parsed = { sample: Sample; reason?: undefined } | { sample?: undefined; reason: string };

/**
 * Reads a record. Texts come from its JSON (`caption`, `question`, `answer`, `instruction`) or, a caption alone, from its text file;
 * pictures are `jpg`, `png` and so on, or `source.jpg` and `target.jpg`.
 */
export function parseSample({ key, fields }: Pick<DataRecord, "key" | "fields">): Parsed {
  const texts = readTexts(fields);
  if (typeof texts === "string") return { reason: texts };
  const pictures: Sample["pictures"] = {};
  const endings: Sample["endings"] = {};
  let isEncoded = false;
  for (const [field, bytes] of fields) {
    if (!isPictureField(field) && !isLatentField(field)) continue;
    const role = roleOf(field);
    if (role === undefined) continue;
    if (pictures[role]) return { reason: `it has two pictures for one place (${role})` };
    pictures[role] = bytes;
    endings[role] = field.slice(field.lastIndexOf(".") + 1);
    isEncoded ||= isLatentField(field);
  }
  const sample = { key, texts, pictures, endings, isEncoded };
  const reason = kindsOf(sample).length > 0 ? undefined : whatIsMissing(sample);
  return reason === undefined ? { sample } : { reason };
}

/** The field under which a picture's latents are kept. */
export const latentField = (role: PictureRole): string => (role === "image" ? LATENTS : `${role}.${LATENTS}`);

function roleOf(field: string): PictureRole | undefined {
  if (!field.includes(".")) return "image";
  return PICTURE_ROLES.find((role) => role !== "image" && field.slice(0, field.indexOf(".")) === role);
}

function readTexts(fields: ReadonlyMap<string, Uint8Array>): SampleTexts | string {
  const given: Record<string, unknown> = {};
  const json = fields.get("json");
  if (json !== undefined) {
    const parsed = parseJson(json);
    if (parsed === undefined) return "its JSON cannot be read as an object";
    for (const name of TEXTS) given[name] = parsed[name];
  }
  const plain = fields.get("txt");
  if (plain !== undefined && given.caption === undefined) {
    const text = decode(plain);
    if (text === undefined) return "its text is not UTF-8";
    given.caption = text;
  }
  const texts: SampleTexts = {};
  for (const name of TEXTS) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    const problem = textProblem(value);
    if (problem) return `its ${name} ${problem}`;
    texts[name] = (value as string).trim();
  }
  return texts;
}

function textProblem(value: unknown): string | undefined {
  if (typeof value !== "string") return "is not text";
  if (value.trim() === "") return "is empty";
  if (value.length > MOST_CHARACTERS) return `has more than ${MOST_CHARACTERS} characters`;
  const special = SPECIAL_TOKENS.find((token) => value.includes(token));
  return special && `contains ${special}, which has a meaning of its own to the model`;
}

function parseJson(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(decode(bytes) ?? "");
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Every kind that a sample is of. */
export function kindsOf({ texts, pictures }: Pick<Sample, "texts" | "pictures">): SampleKind[] {
  const kinds: SampleKind[] = [];
  if (pictures.image && texts.caption !== undefined) kinds.push("text-to-image");
  if (pictures.image && texts.question !== undefined && texts.answer !== undefined) kinds.push("question-answer");
  if (pictures.source && pictures.target && texts.instruction !== undefined) kinds.push("edit");
  return kinds;
}

/**
 * Whether a task can be learned from a sample. Understanding learns from questions with answers, and from captions, which are answers
 * to being asked for a description; contrast tells captions apart.
 */
export function serves(sample: Sample, task: DataTask): boolean {
  const kinds = kindsOf(sample);
  if (task === "generation" || task === "contrast") return kinds.includes("text-to-image");
  if (task === "editing") return kinds.includes("edit");
  return kinds.includes("question-answer") || kinds.includes("text-to-image");
}

function whatIsMissing({ texts, pictures }: Pick<Sample, "texts" | "pictures">): string {
  if (pictures.source || pictures.target || texts.instruction !== undefined) {
    if (!pictures.source) return "it is an edit without a source picture";
    if (!pictures.target) return "it is an edit without a target picture";
    return "it is an edit without an instruction";
  }
  if (!pictures.image) return "there is no picture to its text";
  if (texts.question !== undefined) return "there is no answer to its question";
  if (texts.answer !== undefined) return "there is no question to its answer";
  return "there is no caption to its picture";
}
