/**
 * The things a picture can show: GenEval's 80 object names, each with the icon that draws it. The three icon sets share their icons'
 * names, so one name serves every style; a name that starts with `custom:` is drawn by this project and looks the same in all of them.
 */
export interface ObjectKind {
  readonly icon: string;
  /** The plural, where it is not the name with an s. */
  readonly plural?: string;
  /** Whether its mirror image is as good: false for what carries letters or a dial. */
  readonly mirrors?: false;
  /** It has a front and a back, so it can face the other way. */
  readonly turns?: true;
  /** It can jump. */
  readonly jumps?: true;
}

const animal = (icon: string, plural?: string): ObjectKind => ({ icon, plural, turns: true, jumps: true });
const vehicle = (icon: string, plural?: string): ObjectKind => ({ icon, plural, turns: true });
const thing = (icon: string, plural?: string): ObjectKind => ({ icon, plural });
const lettered = (icon: string): ObjectKind => ({ icon, mirrors: false });

export const OBJECTS: Readonly<Record<string, ObjectKind>> = {
  person: { icon: "person-standing", plural: "people", jumps: true },
  bicycle: vehicle("bicycle"),
  car: vehicle("automobile"),
  motorcycle: vehicle("motorcycle"),
  airplane: vehicle("airplane"),
  bus: vehicle("bus", "buses"),
  train: vehicle("locomotive"),
  truck: vehicle("delivery-truck"),
  boat: vehicle("sailboat"),
  "traffic light": thing("vertical-traffic-light"),
  "fire hydrant": thing("custom:fire-hydrant"),
  "stop sign": lettered("stop-sign"),
  "parking meter": thing("custom:parking-meter"),
  bench: thing("custom:bench", "benches"),
  bird: animal("bird"),
  cat: animal("cat"),
  dog: animal("dog"),
  horse: animal("horse"),
  sheep: animal("ewe", "sheep"),
  cow: animal("cow"),
  elephant: animal("elephant"),
  bear: thing("bear"),
  zebra: animal("zebra"),
  giraffe: animal("giraffe"),
  backpack: thing("backpack"),
  umbrella: thing("umbrella"),
  handbag: thing("handbag"),
  tie: thing("necktie"),
  suitcase: thing("luggage"),
  frisbee: thing("flying-disc"),
  skis: thing("skis", "skis"),
  snowboard: thing("custom:snowboard"),
  "sports ball": thing("soccer-ball"),
  kite: thing("kite"),
  "baseball bat": thing("custom:baseball-bat"),
  "baseball glove": thing("custom:baseball-glove"),
  skateboard: thing("skateboard"),
  surfboard: thing("custom:surfboard"),
  "tennis racket": thing("tennis"),
  bottle: thing("bottle-with-popping-cork"),
  "wine glass": thing("wine-glass", "wine glasses"),
  cup: thing("teacup-without-handle"),
  fork: thing("custom:fork"),
  knife: thing("kitchen-knife", "knives"),
  spoon: thing("spoon"),
  bowl: thing("bowl-with-spoon"),
  banana: thing("banana"),
  apple: thing("red-apple"),
  sandwich: thing("sandwich", "sandwiches"),
  orange: thing("tangerine"),
  broccoli: thing("broccoli", "broccoli"),
  carrot: thing("carrot"),
  "hot dog": thing("hot-dog"),
  pizza: thing("pizza"),
  donut: thing("doughnut"),
  cake: thing("birthday-cake"),
  chair: thing("chair"),
  couch: thing("couch-and-lamp", "couches"),
  "potted plant": thing("potted-plant"),
  bed: thing("bed"),
  "dining table": thing("custom:dining-table"),
  toilet: thing("toilet"),
  tv: thing("television"),
  laptop: thing("laptop"),
  "computer mouse": thing("computer-mouse", "computer mice"),
  "tv remote": thing("custom:tv-remote"),
  "computer keyboard": lettered("keyboard"),
  "cell phone": thing("mobile-phone"),
  microwave: thing("custom:microwave"),
  oven: thing("custom:oven"),
  toaster: thing("custom:toaster"),
  sink: thing("custom:sink"),
  refrigerator: thing("custom:refrigerator"),
  book: lettered("closed-book"),
  clock: lettered("mantelpiece-clock"),
  vase: thing("amphora"),
  scissors: thing("scissors", "scissors"),
  "teddy bear": { icon: "teddy-bear", jumps: true },
  "hair drier": thing("custom:hair-dryer"),
  toothbrush: thing("toothbrush", "toothbrushes"),
};

/** GenEval's 80 object names. */
export const OBJECT_NAMES: readonly string[] = Object.keys(OBJECTS);

/** The looks a picture can have, each an icon set. */
export const ICON_SETS = { emoji: "noto", glossy: "fluent-emoji", flat: "fluent-emoji-flat" } as const;
export type Style = keyof typeof ICON_SETS;
export const STYLES = Object.keys(ICON_SETS) as Style[];

/** The full icon id, `set:name`, of an icon in a style. */
export function iconId(icon: string, style: Style): string {
  return icon.startsWith("custom:") ? icon : `${ICON_SETS[style]}:${icon}`;
}
