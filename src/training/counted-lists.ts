import { UserError } from "../errors.ts";
import { isObject, type Json } from "./stage-like.ts";

/** Entries of scenes, edits and questions that are lists of names, of which each is as likely as it is often there. */
const LISTS = ["tasks", "objects", "styles", "backgrounds", "colors", "types", "kinds"];
/** No name is there more often than this. */
const MOST = 1000;

/**
 * Scenes, edits or questions of a training file, in which a list of names may be said by how often each is there: `{ "colors": 4, "counting": 1 }`.
 *
 * @throws UserError when that is no whole number
 */
export function withLists(json: Json, where: string): Json {
  const listed = LISTS.filter((entry) => isObject(json[entry])).map((entry) => {
    const names = Object.entries(json[entry] as Json).flatMap(([name, count]) => {
      if (typeof count === "number" && Number.isInteger(count) && count >= 1 && count <= MOST) {
        return new Array<string>(count).fill(name);
      }
      const wrong = JSON.stringify(count);
      throw new UserError(
        `${where}: "${entry}" says how often each name is there, a whole number from 1 to ${MOST}, not ${wrong} ("${name}").`,
      );
    });
    return [entry, names];
  });
  return { ...json, ...Object.fromEntries(listed) };
}
