import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const entry = fileURLToPath(new URL("../src/index.ts", import.meta.url));

/** Everything that a file imports when it is loaded, directly or not; types alone, and imports made later by a call, do not count. */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, clause, from] of readFileSync(file, "utf8").matchAll(
    /^(?:import|export)\s([^;]*?)from "([^"]+)";/gms,
  )) {
    if (clause.startsWith("type ")) continue;
    if (from.startsWith(".")) loadedBy(resolve(dirname(file), from), seen);
    else seen.add(from);
  }
  return seen;
}

describe("the main entry", () => {
  it("can be imported in a page: it loads nothing that only Node has", () => {
    const loaded = [...loadedBy(entry)];
    expect(loaded.filter((name) => name.endsWith(".ts")).every((name) => existsSync(name))).toBe(true);
    expect(loaded.length).toBeGreaterThan(30);
    const packages = loaded.filter((name) => !name.endsWith(".ts"));
    expect(packages).toEqual(["@huggingface/tokenizers"]);
  });

  it("has what the README shows", async () => {
    const { memoryWeights, Tokenizer, UniPic, UserError, webEngine } = await import("../src/index.ts");
    for (const part of [memoryWeights, Tokenizer, webEngine]) expect(part).toBeTypeOf("function");
    expect(UniPic.load).toBeTypeOf("function");
    expect(new UserError("why").name).toBe("UserError");
  });
});
