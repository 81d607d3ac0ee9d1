import { encodeJpeg, encodePng, encodeWebP } from "../../image/codec.ts";
import { picture } from "../../image/picture.ts";
import { Random } from "../../random.ts";
import type { JobResult } from "../../threads.ts";
import { type CaptionOptions, caption } from "../captions.ts";
import { drawScene } from "../draw.ts";
import { type EditOptions, planEdit } from "../edits/index.ts";
import { hashText } from "../hash.ts";
import { type PlanOptions, planScene } from "../planning.ts";
import { askQuestion, type QuestionOptions } from "../questions.ts";
import type { Scene } from "../scene.ts";
import type { PictureFormat } from "./picture-jobs.ts";
import type { SampleKind } from "./sample.ts";
import type { Fields } from "./shard-writer.ts";

/** What is drawn of the picture world. */
export interface WorldOptions {
  seed: number;
  /** Side of the pictures in pixels. */
  size: number;
  format: PictureFormat;
  scenes?: PlanOptions;
  captions?: CaptionOptions;
  /** In what the scenes that questions are asked about differ from `scenes`. */
  seen?: PlanOptions;
  edits?: EditOptions;
  questions?: QuestionOptions;
}

/** Sample number `index` of a kind. */
export interface WorldJob extends WorldOptions {
  kind: SampleKind;
  index: number;
}

/** Draws one sample of the picture world; it follows from the seed, the kind and its number alone. */
export async function drawWorldSample(job: WorldJob): Promise<JobResult<Fields>> {
  const fields = await worldFields(job);
  return { result: fields, transfer: fields.map(([, bytes]) => bytes.buffer as ArrayBuffer) };
}

async function worldFields(job: WorldJob): Promise<Fields> {
  const { seed, kind, index, format, scenes = {} } = job;
  // The lower bits are the number's own, so that no two samples of a kind share a generator.
  const random = new Random((hashText(`${seed} ${kind}`) % 2 ** 20) * 2 ** 33 + index);
  const draw = async (scene: Scene, role: string) => [`${role}${format}`, await encode(scene, job)] as const;
  const json = (value: unknown) => ["json", new TextEncoder().encode(JSON.stringify(value))] as const;
  if (kind === "text-to-image") {
    const scene = planScene(random, scenes);
    return [await draw(scene, ""), json({ caption: caption(random, scene, job.captions) })];
  }
  if (kind === "question-answer") {
    const scene = planScene(random, { ...scenes, ...job.seen });
    const { kind: asked, question, answer } = askQuestion(random, scene, job.questions);
    return [await draw(scene, ""), json({ question, answer, type: asked })];
  }
  const { type, source, target, instruction } = planEdit(random, { ...scenes, ...job.edits });
  return [await draw(source, "source."), await draw(target, "target."), json({ instruction, type })];
}

async function encode(scene: Scene, { size, format }: WorldJob): Promise<Uint8Array> {
  const drawn = picture(size, size, drawScene(scene, size));
  const encoder = { png: encodePng, jpg: encodeJpeg, webp: encodeWebP }[format];
  // A copy: what encoders return may be a view of memory that others share, which must not be handed over.
  return new Uint8Array(await encoder(drawn));
}
