import { UserError } from "../errors.ts";
import type { Random } from "../random.ts";

/** How the next text token is chosen. */
export interface TextDecoding {
  /** 0 takes the most likely token; 1 samples the model's own distribution; less than 1 sharpens it. Default 0. */
  temperature?: number;
  /** Keep only this many of the most likely tokens; 0 keeps all. Default 0. */
  topK?: number;
  /** Keep the smallest set of most likely tokens whose probability reaches this. Default 1, which keeps all. */
  topP?: number;
}

/**
 * Chooses the next token. Among equals the lowest id ranks first, so greedy decoding is the same on every device that gives the same logits.
 * Temperature is applied before top-k, and top-k before top-p.
 *
 * @param logits Float32Array [vocabulary]; -infinity rules a token out
 * @returns a token id
 * @throws UserError for an option out of range; RangeError when the logits hold NaN or rule every token out
 */
export function chooseToken(logits: Float32Array, decoding: TextDecoding, random: Random): number {
  const { temperature = 0, topK = 0, topP = 1 } = decoding;
  if (!(temperature >= 0 && Number.isFinite(temperature))) {
    throw new UserError(`The temperature must be 0 or more, not ${temperature}.`);
  }
  if (!Number.isInteger(topK) || topK < 0) throw new UserError(`topK must be a whole number from 0, not ${topK}.`);
  if (!(topP > 0 && topP <= 1)) throw new UserError(`topP must be more than 0 and at most 1, not ${topP}.`);
  const best = mostLikely(logits);
  if (temperature === 0 || logits[best] === Infinity) return best;

  // Subtracting the largest logit keeps the exponentials in range whatever the logits' scale.
  const weigh = (token: number) => Math.exp((logits[token] - logits[best]) / temperature);
  let tokens = topK > 0 && topK < logits.length ? largest(logits, topK) : Array.from(logits.keys());
  if (topP < 1) tokens = nucleus(tokens, tokens.map(weigh), topP);
  const weights = tokens.map(weigh);
  let remaining = random.uniform() * sum(weights);
  for (let i = 0; i < tokens.length; i++) {
    remaining -= weights[i];
    if (remaining < 0) return tokens[i];
  }
  // Rounding can leave a sliver past the end; the most likely token is always a valid choice.
  return best;
}

function mostLikely(logits: Float32Array): number {
  let best = -1;
  for (let token = 0; token < logits.length; token++) {
    if (Number.isNaN(logits[token])) throw new RangeError(`The logit of token ${token} is not a number.`);
    if (logits[token] > (best < 0 ? -Infinity : logits[best])) best = token;
  }
  if (best < 0) throw new RangeError(`None of the ${logits.length} logits allows a token.`);
  return best;
}

/** The ids of the `count` largest logits, ascending by id; the lowest ids where the last places are tied. */
function largest(logits: Float32Array, count: number): number[] {
  const threshold = logits.slice().sort()[logits.length - count];
  const above: number[] = [];
  const tied: number[] = [];
  for (let token = 0; token < logits.length; token++) {
    if (logits[token] > threshold) above.push(token);
    else if (logits[token] === threshold) tied.push(token);
  }
  return [...above, ...tied.slice(0, count - above.length)].sort((a, b) => a - b);
}

/** The smallest set of tokens, likeliest first, whose share of the weight reaches `topP`. */
function nucleus(tokens: number[], weights: number[], topP: number): number[] {
  const total = sum(weights);
  // Everything lighter than this, taken together, is less than 1 - topP: it cannot belong, and need not be sorted.
  const negligible = ((1 - topP) * total) / tokens.length;
  const places = Array.from(tokens.keys()).filter((place) => weights[place] >= negligible);
  places.sort((a, b) => weights[b] - weights[a] || tokens[a] - tokens[b]);
  const kept: number[] = [];
  let share = 0;
  for (const place of places) {
    kept.push(tokens[place]);
    share += weights[place] / total;
    if (share >= topP) break;
  }
  return kept;
}

function sum(values: number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
