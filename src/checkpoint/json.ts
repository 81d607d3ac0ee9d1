/** JSON files, read with care: bounded, and with errors that name the file. */
import { UserError } from "../errors.ts";
import { openFile } from "./byte-source.ts";

export type JsonObject = Record<string, unknown>;

/** The longest JSON file that is read, in bytes. The largest tokenizers take about 35 MB. */
const JSON_LIMIT = 64 * 2 ** 20;

/**
 * Reads a JSON file that holds one object.
 *
 * @throws UserError when the file is missing, longer than `limit` bytes, or not a JSON object.
 */
export async function readJson(path: string, limit = JSON_LIMIT): Promise<JsonObject> {
  const source = await openFile(path);
  try {
    if (source.size > limit) {
      throw new UserError(`"${path}" is ${source.size} bytes long, more than the ${limit} that such a file may have.`);
    }
    return parseObject(await source.read(0, source.size), path);
  } finally {
    await source.close();
  }
}

function parseObject(bytes: Uint8Array, path: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new UserError(`"${path}" is not valid JSON (${(error as Error).message}).`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UserError(`"${path}" should hold a JSON object, { ... }.`);
  }
  return value as JsonObject;
}
