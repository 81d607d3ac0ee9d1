import { posix } from "node:path";
import type { Command } from "commander";
import { ByteProgress } from "./byte-progress.ts";
import { interruptible } from "./interruptible.ts";

interface PullCommandOptions {
  output?: string;
  revision: string;
  json?: boolean;
  progress?: boolean;
}

const EXAMPLES = `
Downloads go to the cache of Hugging Face's programs, and the same command goes on with one that was stopped. Read from
the environment: HF_TOKEN, HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, HF_HUB_OFFLINE.

Example:
  unipic pull Skywork/Skywork-UniPic-1.5B --output models/unipic-1.5b`;

/** `unipic pull`: a model of the Hugging Face Hub to a model folder. */
export function registerPull(program: Command): void {
  program
    .command("pull")
    .description("Download official UniPic files from the Hugging Face Hub, and import them.")
    .argument("<repo>", "the model on the Hub, such as Skywork/Skywork-UniPic-1.5B")
    .option("--output <folder>", "the model folder to write; it must not be there yet (default: the model's name)")
    .option("--revision <name>", "a branch, a tag or a commit", "main")
    .option("--json", "print one JSON object about what was taken over")
    .option("--progress", "show progress even where stderr is no terminal")
    .addHelpText("after", EXAMPLES)
    .action(pull);
}

async function pull(repo: string, options: PullCommandOptions): Promise<void> {
  const { output = posix.basename(repo), revision, json, progress } = options;
  const [{ pullModel }, { showImport }] = await Promise.all([
    import("../import/hub/pull-model.ts"),
    import("./import-report.ts"),
  ]);
  const line = new ByteProgress(progress);
  const sentence = "Stopped; what was fetched is kept, and the same command goes on from there.";
  const report = await interruptible(sentence, (signal) =>
    pullModel(repo, output, {
      revision,
      signal,
      onDownload: ({ file, ...state }) => line.show("fetching", state, file),
      onProgress: (state) => line.show("writing", state),
    }).finally(() => line.clear()),
  );
  console.log(json ? JSON.stringify({ repo, revision, output, ...report }) : showImport(report, output));
}
