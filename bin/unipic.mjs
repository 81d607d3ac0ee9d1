#!/usr/bin/env node
// Starts the built command line; in a checkout that is not built, the TypeScript source through tsx.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const built = new URL("../dist/cli/main.js", import.meta.url);
if (existsSync(fileURLToPath(built))) {
  await import(built.href);
} else {
  const { register } = await import("tsx/esm/api").catch(() => {
    console.error("unipic: This copy is not built and has no tsx to run from source; run npm ci, or npm run build.");
    process.exit(1);
  });
  register();
  await import(new URL("../src/cli/main.ts", import.meta.url).href);
}
