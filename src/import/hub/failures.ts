/** What went wrong at the Hub, as a sentence that one can act on. */
import { UserError } from "../../errors.ts";

/** What was asked for. */
export interface HubRequest {
  repo: string;
  revision: string;
  hubUrl: string;
  hasToken: boolean;
}

/** The Hub's own word for what was wrong, from the header of an answer. */
export const ERROR_HEADER = "X-Error-Code";

/**
 * Turns what the Hub's client threw into a UserError.
 *
 * @param code the last `X-Error-Code` that the Hub answered with
 */
export function hubFailure(error: unknown, { repo, revision, hubUrl, hasToken }: HubRequest, code?: string): UserError {
  if (error instanceof UserError) return error;
  const status = (error as { statusCode?: number } | undefined)?.statusCode;
  const withToken = hasToken ? "the token in HF_TOKEN may read it" : "HF_TOKEN holds a token that may read it";
  if (code === "GatedRepo" || (status === 403 && code !== "RepoNotFound")) {
    return new UserError(
      `"${repo}" is gated: accept its terms at ${hubUrl}/${repo}, and see that HF_TOKEN holds a token of that account.`,
    );
  }
  if (code === "RevisionNotFound") return new UserError(`"${repo}" has no revision "${revision}" at ${hubUrl}.`);
  if (status === 401 || status === 404) {
    return new UserError(
      `There is no model "${repo}" at ${hubUrl}, or it is private: check its name, or see that ${withToken}.`,
    );
  }
  if (status !== undefined) {
    const later = status === 429 ? "too many requests" : "it may be out of order";
    return new UserError(`The Hub at ${hubUrl} answered with status ${status} (${later}); try again later.`);
  }
  const cause = causeOf(error);
  return new UserError(
    `The Hub at ${hubUrl} could not be reached (${cause}): check the network, then run the same command again; what was fetched is kept.`,
  );
}

/** The system's code deep inside an error of fetch, or the error's first line. */
function causeOf(error: unknown): string {
  let at: unknown = error;
  let message = "";
  for (let depth = 0; depth < 8 && typeof at === "object" && at !== null; depth++) {
    const { code, message: own, cause } = at as { code?: unknown; message?: string; cause?: unknown };
    if (typeof code === "string") return code;
    message = own ?? message;
    at = cause;
  }
  return (message || String(error)).split("\n")[0].slice(0, 120);
}
