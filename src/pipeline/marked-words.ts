/** From where up to, not including, where something is true in a row: every such run. */
export function runsOf(are: readonly boolean[]): [from: number, to: number][] {
  const runs: [number, number][] = [];
  are.forEach((is, at) => {
    const last = runs.at(-1);
    if (!is) return;
    if (last?.[1] === at) last[1]++;
    else runs.push([at, at + 1]);
  });
  return runs;
}

/** The mean of a number over such a run. */
export function meanOver([from, to]: readonly [from: number, to: number], number: (at: number) => number): number {
  let sum = 0;
  for (let at = from; at < to; at++) sum += number(at);
  return sum / (to - from);
}

/** The longest of such runs, the first of these; undefined where there is none. */
export const longestOf = (runs: readonly [from: number, to: number][]): [from: number, to: number] | undefined =>
  runs.reduce<[number, number] | undefined>(
    (best, run) => (best && run[1] - run[0] <= best[1] - best[0] ? best : run),
    undefined,
  );
