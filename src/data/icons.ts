/** Where the art comes from: SVG sources out of the installed icon packages and the icons drawn here. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { UserError } from "../errors.ts";
import { DRAWN_ICONS } from "./drawn-icons.ts";
import { OBJECTS } from "./objects.ts";
import { POSES } from "./poses.ts";

/** The part of the Iconify JSON format that is used. */
interface IconSet {
  width?: number;
  height?: number;
  icons: Record<string, { body: string; width?: number; height?: number; left?: number; top?: number }>;
}

const require = createRequire(import.meta.url);
const sets = new Map<string, IconSet>();
const wanted = new Set([
  ...Object.values(OBJECTS).map((kind) => kind.icon),
  ...POSES.flatMap((kind) => Object.values(kind.poses)),
]);

/**
 * A set is read when an icon of it is first asked for, and only the icons this world draws are kept: the packages hold thousands, up
 * to 100 MB of JSON.
 */
function iconSet(name: string): IconSet {
  let set = sets.get(name);
  if (set === undefined) {
    set = name === "custom" ? drawnSet() : installedSet(name);
    sets.set(name, set);
  }
  return set;
}

function drawnSet(): IconSet {
  const icons = Object.fromEntries(Object.entries(DRAWN_ICONS).map(([icon, body]) => [icon, { body }]));
  return { width: 64, height: 64, icons };
}

function installedSet(name: string): IconSet {
  const set = JSON.parse(readFileSync(require.resolve(`@iconify-json/${name}/icons.json`), "utf8")) as IconSet;
  const icons = Object.fromEntries(Object.entries(set.icons).filter(([icon]) => wanted.has(icon)));
  return { width: set.width, height: set.height, icons };
}

/**
 * The SVG document of an icon.
 *
 * @param id `set:name`, the set being `noto`, `fluent-emoji`, `fluent-emoji-flat` or `custom`
 * @throws UserError when the installed set has no such icon
 */
export function iconSvg(id: string): string {
  const [setName, name] = id.split(":");
  const set = iconSet(setName);
  const icon = set.icons[name];
  if (icon === undefined) {
    throw new UserError(`The icon set "${setName}" has no icon "${name}"; install the version named in package.json.`);
  }
  const width = icon.width ?? set.width ?? 16;
  const height = icon.height ?? set.height ?? 16;
  const viewBox = `${icon.left ?? 0} ${icon.top ?? 0} ${width} ${height}`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${viewBox}" ` +
    `width="${width}" height="${height}">${icon.body.replaceAll("currentColor", "#000")}</svg>`
  );
}
