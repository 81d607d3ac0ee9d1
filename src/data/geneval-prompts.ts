/**
 * The 553 prompts of GenEval's `evaluation_metadata.jsonl` (arXiv 2310.11513), and what a picture of each has to show. They are kept out
 * of training, and models are scored on them.
 *
 * Copyright (c) 2023 Dhruba Ghosh, under the MIT licence; its text is in the `NOTICE` file. The lists below hold the same facts in fewer
 * words; the prompts that follow from them are GenEval's to the letter, with its plurals ("four benchs").
 */
import { COLOR_NAMES, type ColorName } from "./colors.ts";
import { OBJECT_NAMES } from "./objects.ts";
import { RELATIONS, type Relation, spellRelation } from "./relations.ts";
import { article, numberWord, PAIRS, plural } from "./words.ts";

export const GENEVAL_TAGS = ["single_object", "two_object", "counting", "colors", "position", "color_attr"] as const;
export type GenEvalTag = (typeof GENEVAL_TAGS)[number];

/** Something that a picture has to show. */
export interface GenEvalRequirement {
  object: string;
  /** So many at least. */
  count: number;
  color?: ColorName;
  /** Where it has to be, seen from the requirement of this number. */
  position?: readonly [relation: Relation, from: number];
}

export interface GenEvalPrompt {
  tag: GenEvalTag;
  prompt: string;
  include: readonly GenEvalRequirement[];
  /** So many of an object, or more, are too many. */
  exclude: readonly { object: string; count: number }[];
}

const LISTS: Readonly<Record<GenEvalTag, string>> = {
  single_object: `
bench, cow, bicycle, clock, carrot, suitcase, fork, surfboard, refrigerator, cup, microwave, potted plant, snowboard,
zebra, parking meter, spoon, skateboard, car, motorcycle, traffic light, book, couch, backpack, computer keyboard,
toaster, bird, bowl, dog, tie, laptop, computer mouse, sandwich, baseball bat, train, cell phone, chair, tv, broccoli,
bed, skis, handbag, pizza, frisbee, scissors, bottle, elephant, toilet, oven, orange, person, teddy bear, vase,
banana, toothbrush, tv remote, dining table, stop sign, sheep, fire hydrant, airplane, giraffe, horse, cat, donut,
boat, baseball glove, hair drier, sink, cake, wine glass, apple, bus, tennis racket, knife, hot dog, truck, umbrella,
sports ball, bear, kite`,
  two_object: `
bench and sports ball, toothbrush and snowboard, toaster and oven, broccoli and vase, tennis racket and wine glass,
fork and knife, hair drier and cake, horse and giraffe, horse and computer keyboard, toothbrush and carrot, cake and
zebra, hair drier and bear, knife and zebra, couch and wine glass, frisbee and vase, book and laptop, dining table and
bear, frisbee and couch, couch and horse, toilet and computer mouse, bottle and refrigerator, potted plant and
backpack, skateboard and cake, broccoli and parking meter, zebra and bed, oven and bed, baseball bat and fork, vase
and spoon, skateboard and sink, pizza and bench, bowl and pizza, tennis racket and bird, wine glass and bear, fork and
book, scissors and bowl, laptop and carrot, stop sign and bottle, microwave and truck, person and bear, frisbee and
cell phone, parking meter and teddy bear, tennis racket and bicycle, stop sign and motorcycle, fire hydrant and tennis
racket, scissors and sandwich, pizza and book, giraffe and computer mouse, stop sign and toaster, computer mouse and
zebra, chair and bench, tv and carrot, surfboard and suitcase, computer keyboard and laptop, computer keyboard and
microwave, scissors and bird, person and snowboard, cow and horse, handbag and refrigerator, chair and laptop,
toothbrush and bench, book and baseball bat, horse and train, bench and vase, traffic light and backpack, sports ball
and cow, computer mouse and spoon, tv and bicycle, bench and snowboard, toothbrush and toilet, person and apple, sink
and sports ball, stop sign and dog, knife and stop sign, wine glass and handbag, bowl and skis, frisbee and apple,
computer keyboard and cell phone, stop sign and fork, potted plant and boat, tv and cell phone, tie and broccoli,
potted plant and donut, person and sink, couch and snowboard, fork and baseball glove, apple and toothbrush, bus and
baseball glove, person and stop sign, carrot and couch, baseball bat and bear, fire hydrant and train, baseball glove
and carrot, microwave and bench, cake and stop sign, car and computer mouse, suitcase and dining table, person and
traffic light, cell phone and horse, baseball bat and giraffe`,
  counting: `
2 clock, 2 backpack, 4 handbag, 2 frisbee, 3 sports ball, 2 bear, 2 tie, 4 sink, 2 toothbrush, 3 person, 3 tennis
racket, 4 bowl, 4 vase, 3 cup, 4 computer keyboard, 3 sink, 2 oven, 2 toilet, 2 bicycle, 2 train, 3 orange, 3 bus, 3
handbag, 3 snowboard, 2 snowboard, 4 dog, 3 apple, 2 sheep, 3 hot dog, 3 zebra, 3 kite, 4 apple, 3 cell phone, 4
baseball glove, 3 computer keyboard, 2 bed, 2 tv remote, 3 fire hydrant, 3 book, 4 giraffe, 2 vase, 4 donut, 4 chair,
3 baseball bat, 4 stop sign, 2 pizza, 3 refrigerator, 2 fire hydrant, 3 giraffe, 4 tv, 3 wine glass, 4 broccoli, 3
truck, 2 truck, 2 carrot, 2 sandwich, 4 traffic light, 4 clock, 2 car, 2 banana, 2 wine glass, 3 pizza, 4 knife, 3
suitcase, 4 zebra, 2 teddy bear, 4 skateboard, 4 hot dog, 3 bird, 4 boat, 4 microwave, 2 hair drier, 3 laptop, 3 cow,
2 parking meter, 4 bench, 3 bench, 4 frisbee, 4 book, 4 bus`,
  colors: `
blue fire hydrant, pink car, purple cup, blue cow, yellow boat, blue umbrella, blue elephant, yellow elephant, red
bicycle, purple suitcase, purple hair drier, white sandwich, purple elephant, green microwave, red zebra, red apple,
yellow tv remote, blue toilet, orange orange, black donut, red vase, purple pizza, pink skateboard, green skateboard,
purple bear, brown chair, brown computer keyboard, orange cow, brown skis, white kite, red dog, green couch, yellow
airplane, orange tv, white scissors, pink cell phone, green surfboard, white fire hydrant, black bicycle, purple
carrot, black dining table, purple potted plant, purple backpack, yellow train, pink potted plant, red giraffe, brown
bear, black train, orange laptop, green hot dog, yellow parking meter, red potted plant, green traffic light, blue tv,
brown refrigerator, black tv remote, purple scissors, yellow orange, brown toaster, red parking meter, brown orange,
green clock, white sheep, yellow oven, green vase, black teddy bear, yellow carrot, black hot dog, red scissors, white
teddy bear, black skis, blue dining table, black refrigerator, white dog, orange scissors, red cell phone, white
orange, blue clock, blue carrot, green motorcycle, pink stop sign, black vase, black backpack, red car, green computer
mouse, red backpack, green bus, orange toaster, yellow fork, pink parking meter, blue book, yellow broccoli, orange
computer mouse, red cake`,
  position: `
dog right of teddy bear, wine glass above kite, couch below cup, laptop left of cow, fork above hair drier, tie right
of baseball bat, stop sign above fork, bird below skateboard, apple above tv, train above potted plant, truck left of
refrigerator, tv remote below cow, bottle right of train, dog above cow, skateboard above person, baseball glove below
umbrella, dining table right of oven, hot dog left of suitcase, bus below toothbrush, backpack right of sandwich, cake
below baseball bat, dog right of tie, suitcase right of boat, bear above clock, tv remote left of umbrella, sports
ball left of umbrella, train right of dining table, hair drier below elephant, tennis racket right of spoon, wine
glass right of hot dog, computer mouse left of bench, carrot left of orange, kite above toothbrush, toaster below
traffic light, cat below baseball glove, skis right of zebra, stop sign above chair, stop sign above parking meter,
hot dog right of skateboard, pizza below computer keyboard, hair drier left of toilet, cow left of stop sign, suitcase
above skis, book above laptop, toothbrush below pizza, toilet left of kite, tie above sink, bird left of couch, bed
right of sports ball, elephant below surfboard, frisbee right of motorcycle, vase above fire hydrant, zebra left of
elephant, bench left of bear, donut right of bench, frisbee below horse, computer keyboard above snowboard, tv below
cow, elephant below horse, suitcase left of banana, train below airplane, cat below backpack, backpack below cake,
sandwich below knife, bicycle above parking meter, knife right of suitcase, hot dog above knife, zebra right of
parking meter, chair left of zebra, cow below airplane, cup left of umbrella, zebra below computer keyboard, zebra
below broccoli, laptop below sports ball, truck left of baseball bat, refrigerator above baseball bat, tv above
baseball bat, baseball glove right of bear, refrigerator below scissors, dining table above suitcase, parking meter
above broccoli, frisbee above truck, pizza right of banana, bus above boat, cell phone left of tennis racket, horse
right of broccoli, broccoli above bottle, vase right of horse, bear above spoon, zebra right of bed, cow right of
laptop, bed right of frisbee, tie right of motorcycle, laptop right of tv, cell phone right of chair, couch below
potted plant, clock below tv, couch below vase, donut below cat, couch left of toaster`,
  color_attr: `
purple wine glass and black apple, green bus and purple microwave, green skis and brown airplane, yellow computer
keyboard and black sink, pink oven and green motorcycle, purple parking meter and red laptop, yellow skateboard and
orange computer mouse, red skis and brown tie, pink skateboard and black train, white handbag and purple bed, purple
elephant and brown sports ball, purple dog and black dining table, white dining table and red car, blue cell phone and
green apple, red car and orange potted plant, brown carrot and white potted plant, black kite and green bear, blue
laptop and brown bear, green teddy bear and brown kite, yellow stop sign and blue potted plant, orange snowboard and
green cat, orange truck and pink sink, brown hot dog and purple pizza, green couch and orange umbrella, brown bed and
pink cell phone, black broccoli and yellow cake, red train and purple bear, purple tennis racket and black sink, blue
vase and black banana, blue clock and white cup, red umbrella and blue couch, white handbag and red giraffe, pink tv
remote and blue airplane, pink handbag and black scissors, brown car and pink hair drier, black bus and brown cell
phone, purple sheep and pink banana, blue handbag and white cell phone, white pizza and green umbrella, white tie and
purple skateboard, yellow sports ball and green boat, white wine glass and brown giraffe, yellow bowl and white
baseball glove, orange microwave and black spoon, orange skateboard and pink bowl, blue toilet and white suitcase,
white boat and orange hot dog, yellow dining table and pink dog, red cake and purple chair, blue tie and pink dining
table, blue cow and black computer keyboard, yellow pizza and green oven, red laptop and brown car, purple computer
keyboard and blue scissors, green surfboard and orange oven, yellow parking meter and pink refrigerator, brown
computer mouse and purple bottle, red umbrella and green cow, red giraffe and black cell phone, brown oven and purple
train, blue baseball bat and pink book, green cup and yellow bowl, yellow suitcase and brown bus, orange motorcycle
and pink donut, orange giraffe and white baseball glove, orange handbag and green carrot, black bottle and white
refrigerator, white dog and blue potted plant, orange handbag and red car, red stop sign and blue book, yellow car and
orange toothbrush, black potted plant and yellow toilet, brown dining table and white suitcase, orange donut and
yellow stop sign, green suitcase and blue boat, orange tennis racket and yellow sports ball, purple computer keyboard
and red chair, purple suitcase and orange pizza, white bottle and blue sheep, purple backpack and white umbrella,
orange potted plant and black spoon, green tennis racket and black dog, yellow handbag and blue refrigerator, pink
broccoli and red sink, red bowl and pink sink, white toilet and red apple, pink dining table and black sandwich, black
car and green parking meter, yellow bird and black motorcycle, brown giraffe and white stop sign, white banana and
black elephant, orange cow and purple sandwich, red clock and black cell phone, brown knife and blue donut, red cup
and pink handbag, yellow bicycle and red motorcycle, red orange and purple broccoli, orange traffic light and white
toilet, green cup and red pizza, blue pizza and yellow baseball glove`,
};

const things = (text: string): GenEvalRequirement[] => text.split(" and ").map(thing);

/** "red car", or "car". */
function thing(text: string): GenEvalRequirement {
  if (OBJECT_NAMES.includes(text)) return { object: text, count: 1 };
  const color = COLOR_NAMES.find((name) => text.startsWith(`${name} `));
  const object = text.slice((color?.length ?? -1) + 1);
  return { object, count: 1, color };
}

const phrase = ({ object, color }: GenEvalRequirement): string =>
  article(color === undefined ? object : `${color} ${object}`);

function parsePrompt(tag: GenEvalTag, text: string): GenEvalPrompt {
  if (tag === "counting") {
    const [number, object] = [Number(text[0]), text.slice(2)];
    const many = `${object}${object.endsWith("s") ? "es" : "s"}`;
    return {
      tag,
      prompt: `a photo of ${numberWord(number)} ${many}`,
      include: [{ object, count: number }],
      exclude: [{ object, count: number + 1 }],
    };
  }
  if (tag === "position") {
    const relation = RELATIONS.find((name) => text.includes(` ${name} `))!;
    const [subject, anchor] = text.split(` ${relation} `).map(thing);
    return {
      tag,
      prompt: `a photo of ${phrase(subject)} ${relation} ${phrase(anchor)}`,
      include: [anchor, { ...subject, position: [relation, 0] }],
      exclude: [],
    };
  }
  const include = things(text);
  return { tag, prompt: `a photo of ${include.map(phrase).join(" and ")}`, include, exclude: [] };
}

/** All 553, in the order of GenEval's file. */
export const GENEVAL_PROMPTS: readonly GenEvalPrompt[] = GENEVAL_TAGS.flatMap((tag) =>
  LISTS[tag]
    .trim()
    .split(/,\s+/)
    .map((text) => parsePrompt(tag, text.replace(/\s+/g, " "))),
);

/** A prompt in GenEval's words, and as captions here spell it: "four benches", "to the left of", "a pair of scissors". */
function spellings({ tag, prompt, include }: GenEvalPrompt): string[] {
  const [first] = include;
  if (tag === "counting") return [prompt, `a photo of ${numberWord(first.count)} ${plural(first.object)}`];
  const relation = include.find(({ position }) => position !== undefined)?.position?.[0];
  // In a relation the anchor comes first in the list, and last in the words.
  const things = relation === undefined ? include : include.toReversed();
  const joints = relation === undefined ? [" and "] : [` ${relation} `, ` ${spellRelation(relation)} `];
  return joints
    .flatMap((joint) =>
      things.reduce<string[]>(
        (beginnings, thing) =>
          beginnings.flatMap((text) => phrases(thing).map((next) => (text ? text + joint + next : next))),
        [""],
      ),
    )
    .map((text) => `a photo of ${text}`);
}

const phrases = (thing: GenEvalRequirement): string[] =>
  PAIRS.has(thing.object) ? [phrase(thing), phrase(thing).replace(/^an? /, "a pair of ")] : [phrase(thing)];

const TEXTS: ReadonlySet<string> = new Set(GENEVAL_PROMPTS.flatMap(spellings));

/** Whether a text is one of GenEval's prompts, in its spelling or in that of captions, letter case and a closing full stop aside. */
export function isGenEvalPrompt(text: string): boolean {
  return TEXTS.has(text.trim().toLowerCase().replace(/\.$/, ""));
}
