import { readFileSync } from "node:fs";
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
  // Read where it lies: not every package lets its package.json be resolved.
  const path = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
