import { readFileSync } from "node:fs";

/** The package's version, from its package.json; source and built code lie equally deep. */
export function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
