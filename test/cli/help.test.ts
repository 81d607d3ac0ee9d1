import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readPicture } from "../../src/image/codec.ts";
import { sharedFolder, unipic } from "./run-cli.ts";

const place = await sharedFolder();

it("--version prints the package's version", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(await unipic(place, ["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

it("--help shows every command and examples, without loading the engine", async () => {
  const env = { NODE_DEBUG: "module,esm" };
  const { code, stdout, stderr } = await unipic(place, ["--help"], { env });
  expect(code).toBe(0);
  for (const command of [
    "generate",
    "edit",
    "describe",
    "chat",
    "train",
    "data",
    "eval",
    "info",
    "import",
    "pull",
    "init",
  ]) {
    expect(stdout).toContain(`\n  ${command} `);
  }
  expect(stdout).toContain('unipic generate "a red car on the grass"');
  expect(stderr).not.toContain("onnxruntime");
});

it("a command's help has its options and examples", async () => {
  const { code, stdout } = await unipic(place, ["generate", "--help"]);
  expect(code).toBe(0);
  for (const option of ["--model", "--size", "--seed", "--count", "--json"]) expect(stdout).toContain(option);
  expect(stdout).toContain("Examples:");
});

it("data preview draws the same sheet for the same seed", async () => {
  for (const name of ["a.png", "b.png"]) {
    const args = ["data", "preview", "--seed", "3", "--count", "2", "--edits", "1", "--size", "32", "--output", name];
    const { code, stdout, stderr } = await unipic(place, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`Wrote ${name}`);
  }
  expect(readFileSync(join(place, "a.png")).equals(readFileSync(join(place, "b.png")))).toBe(true);
  expect((await readPicture(join(place, "a.png"))).width).toBe(1400);
});

it("data preview shows what a stage of a training configuration draws", async () => {
  const scenes = { objects: ["car"], tasks: ["single_object"], styles: ["flat"], backgrounds: ["plain"] };
  const stage = { steps: 1, batch: { generation: 1 }, learningRate: 0.001, edits: { types: ["adjust"] } };
  const stages = [
    { ...stage, name: "cars", scenes },
    { ...stage, name: "dogs", scenes: { ...scenes, objects: ["dog"] } },
  ];
  writeFileSync(join(place, "stages.json"), JSON.stringify({ stages }));
  const preview = (...args: string[]) =>
    unipic(place, ["data", "preview", "--count", "2", "--edits", "1", "--config", "stages.json", ...args]);
  const { code, stderr } = await preview("--output", "cars.png");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  await preview("--stage", "dogs", "--output", "dogs.png");
  await preview("--stage", "cars", "--output", "again.png");
  const [cars, dogs, again] = ["cars", "dogs", "again"].map((name) => readFileSync(join(place, `${name}.png`)));
  expect(again.equals(cars)).toBe(true);
  expect(dogs.equals(cars)).toBe(false);
  const wrong = await preview("--stage", "cats");
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain('has no stage "cats"; its stages are "cars", "dogs"');
});

it("Ctrl-C before there is anything to keep is one sentence", async () => {
  // Node's own tracing of modules tells when the command has begun.
  const options = { interruptAt: /\/data\/preview\.(ts|js)/, env: { NODE_DEBUG: "esm" } };
  const args = ["data", "preview", "--count", "400", "--output", "c.png"];
  const { code, stderr } = await unipic(place, args, options);
  expect(stderr).toContain("unipic: Stopped before there was anything to keep.\n");
  expect(code).toBe(1);
  expect(readdirSync(place)).not.toContain("c.png");
});
