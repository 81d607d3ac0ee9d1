import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";

/** The machine and the versions that a figure depends on, in one line. */
export function machineLine(...packages: string[]): string {
  const processors = cpus();
  const versions = packages.map((name) => `${name} ${packageVersion(name)}`);
  return [`${processors.length} x ${processors[0].model.trim()}`, `Node ${process.versions.node}`, ...versions].join(
    ", ",
  );
}

function packageVersion(name: string): string {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
