import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { estimate } from "../../src/evaluation/estimate.ts";
import { type ScoreLine, scorePlot } from "../../src/evaluation/score-plot.ts";

const share = (right: number, of = 10) => estimate(Array.from({ length: of }, (_, i) => Number(i < right)));

/** A measurement after 100 samples for each step; stages begin at the steps given. */
const line = (step: number, stage: number, stageName: string, start: number, right: number[]): ScoreLine => {
  const [generation, understanding, editing] = right.map((count) => share(count));
  const at = { step, samples: 100 * step, stage, stageName, stageStart: 100 * start };
  return { ...at, generation, understanding, editing };
};

const LINES = [
  line(50, 0, "PT", 0, [2, 0, 0]),
  line(100, 0, "PT", 0, [5, 0, 0]),
  line(150, 1, "all <& more", 100, [8, 6, 6]),
  line(200, 1, "all <& more", 100, [10, 6, 6]),
];

const attributes = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].map((match) => match[1]);

describe("scorePlot", () => {
  const svg = scorePlot(LINES);

  it("draws a line of as many points as there are measurements for each ability, higher where the score is", () => {
    const lines = attributes(svg, /<polyline points="([^"]+)"/g).map((points) =>
      points.split(" ").map((point) => point.split(",").map(Number)),
    );
    expect(lines.map((points) => points.length)).toEqual([4, 4, 4]);
    const heights = lines[0].map(([, y]) => y);
    expect(heights).toEqual([...heights].sort((a, b) => b - a));
    expect(lines[1][0][1]).toBeGreaterThan(lines[1][3][1]);
    const across = lines[2].map(([x]) => x);
    expect(across[1] - across[0]).toBeCloseTo(across[3] - across[2], 0);
    expect(attributes(svg, /(<polygon)/g)).toHaveLength(3);
  });

  it("names the lines, the stages and the axis, and marks where a stage begins", () => {
    for (const words of [
      "generation 100 %",
      "understanding 60 %",
      "editing 60 %",
      "samples seen",
      "all &lt;&amp; more",
    ]) {
      expect(svg).toContain(`>${words}</text>`);
    }
    expect(attributes(svg, /(stroke-dasharray)/g)).toHaveLength(1);
    // Half of all samples were seen when the second stage began.
    const [boundary] = attributes(svg, /<line x1="([\d.]+)"/g).map(Number);
    expect(boundary).toBeCloseTo((64 + 730) / 2, 0);
  });

  it("moves labels apart that would cover each other", () => {
    const at = (words: string) => Number(new RegExp(`y="([\\d.]+)"[^>]*>${words}`).exec(svg)![1]);
    expect(Math.abs(at("understanding 60 %") - at("editing 60 %"))).toBeGreaterThanOrEqual(18);
  });

  it.each([
    ["nothing", []],
    ["a single measurement", LINES.slice(0, 1)],
    ["all of a run", LINES],
  ])("is a picture of %s", async (_, lines) => {
    const picture = sharp(Buffer.from(scorePlot(lines)));
    expect(await picture.metadata()).toMatchObject({ format: "svg", width: 900, height: 480 });
    const { channels } = await picture.stats();
    expect(channels[0].min).toBeLessThan(channels[0].max);
  });
});
