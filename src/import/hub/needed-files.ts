/** Which files of a repository an import needs: a repository may hold much else, and the same weights in several forms. */
import { LANGUAGE_MODEL_FOLDER, MODEL_FILES, TOWER_FOLDER, VAE_FILES } from "../layout.ts";
import type { HubFile } from "./client.ts";

/** Parts whose weights are needed from their own folders, as the model's own file lacks them. */
export interface NeededParts {
  languageModel: boolean;
  tower: boolean;
}

const SETTINGS = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"];
const SHARD = /-\d{5}-of-\d{5}\.(?:safetensors|bin)$/;

/** The files to fetch, the small ones first. */
export function neededFiles(files: readonly HubFile[], parts: NeededParts): HubFile[] {
  const inFolder = (folder: string) => files.filter(({ path }) => path.slice(0, path.lastIndexOf("/") + 1) === folder);
  const folders = new Set(files.map(({ path }) => path.slice(0, path.lastIndexOf("/") + 1)));
  const chosen = [...folders].flatMap((folder) => {
    const own = inFolder(folder);
    const settings = own.filter(({ path }) => SETTINGS.includes(path.slice(folder.length)));
    if (folder === "") {
      const vae = own.find(({ path }) => path === VAE_FILES.find((name) => own.some((file) => file.path === name)));
      return [...settings, ...weightsOf(own, folder), ...(vae ? [vae] : [])];
    }
    // One folder down, and no deeper, with a name that cannot lead anywhere else.
    if (!/^[\w.-]+\/$/.test(folder)) return [];
    if (LANGUAGE_MODEL_FOLDER.test(folder))
      return [...settings, ...(parts.languageModel ? weightsOf(own, folder) : [])];
    return TOWER_FOLDER.test(folder) ? [...settings, ...(parts.tower ? weightsOf(own, folder) : [])] : [];
  });
  return chosen.sort((a, b) => a.size - b.size);
}

/** The weights of a folder in the form that an import reads: one file, or an index and its shards. */
function weightsOf(files: readonly HubFile[], folder: string): HubFile[] {
  const named = (name: string) => files.find(({ path }) => path === folder + name);
  const name = MODEL_FILES.find((each) => named(each));
  if (name === undefined) return [];
  if (!name.endsWith(".index.json")) return [named(name)!];
  const [stem, ending] = name.split(".");
  const shards = files.filter(({ path }) => {
    const own = path.slice(folder.length);
    return own.startsWith(`${stem}-`) && own.endsWith(`.${ending}`) && SHARD.test(own);
  });
  return [named(name)!, ...shards];
}
