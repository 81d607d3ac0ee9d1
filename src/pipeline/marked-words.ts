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
