import { UserError } from "../../errors.ts";

/** Where models are fetched from and kept. */
export interface HubPlace {
  /** The Hub's address, without a slash at the end. */
  hubUrl: string;
  /** Who asks; only for models that not everyone may read. */
  token?: string;
  /** The folder that downloads are kept in, shared with other programs that use the Hub. */
  cacheDir: string;
  /** Nothing is fetched: only what is in the cache already is used. */
  isOffline: boolean;
}

const HUB_URL = "https://huggingface.co";

/**
 * Reads what Hugging Face's programs read from the environment: `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`, and for the cache
 * `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `HF_HOME` and `XDG_CACHE_HOME`.
 *
 * @throws UserError when the address or the token cannot be one
 */
export async function hubPlace(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<HubPlace> {
  const { getHFHubCachePath } = await import("@huggingface/hub");
  const { HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE = "" } = environment;
  const token = HF_TOKEN?.trim() || undefined;
  if (token !== undefined && !/^hf_\w+$/.test(token)) {
    throw new UserError('HF_TOKEN is not a token of the Hub: those begin with "hf_".');
  }
  return {
    hubUrl: parseAddress(HF_ENDPOINT?.trim() || HUB_URL),
    token,
    cacheDir: getHFHubCachePath(),
    isOffline: ["1", "on", "yes", "true"].includes(HF_HUB_OFFLINE.toLowerCase()),
  };
}

function parseAddress(text: string): string {
  let address: URL | undefined;
  try {
    address = new URL(text);
  } catch {}
  if (address?.protocol === "https:" || address?.protocol === "http:") return address.href.replace(/\/+$/, "");
  throw new UserError(`HF_ENDPOINT is not an address such as ${HUB_URL}: "${text}".`);
}
