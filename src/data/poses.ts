/** Things that can be drawn doing different things: each pose is an icon that all three sets have. */
export interface PoseKind {
  readonly name: string;
  /** Command to the icon that shows it obeyed. */
  readonly poses: Readonly<Record<string, string>>;
  /** Someone is made to do it ("Make the person run."), unlike a thing, to which it is done ("Open the book."). */
  readonly alive: boolean;
}

export const POSES: readonly PoseKind[] = [
  {
    name: "person",
    alive: true,
    poses: {
      stand: "person-standing",
      walk: "person-walking",
      run: "person-running",
      kneel: "person-kneeling",
      "raise a hand": "person-raising-hand",
      dance: "woman-dancing",
      "do a cartwheel": "person-cartwheeling",
      meditate: "person-in-lotus-position",
      climb: "person-climbing",
      "ride a bike": "person-biking",
      swim: "person-swimming",
      juggle: "person-juggling",
    },
  },
  {
    name: "face",
    alive: true,
    poses: {
      smile: "grinning-face",
      cry: "crying-face",
      "look angry": "angry-face",
      sleep: "sleeping-face",
      wink: "winking-face",
    },
  },
  {
    name: "monkey",
    alive: true,
    poses: {
      "cover its eyes": "see-no-evil-monkey",
      "cover its ears": "hear-no-evil-monkey",
      "cover its mouth": "speak-no-evil-monkey",
    },
  },
  { name: "cat face", alive: true, poses: { smile: "grinning-cat", cry: "crying-cat", pout: "pouting-cat" } },
  { name: "book", alive: false, poses: { open: "open-book", close: "closed-book" } },
  { name: "lock", alive: false, poses: { open: "unlocked", close: "locked" } },
  { name: "umbrella", alive: false, poses: { open: "umbrella", close: "closed-umbrella" } },
];
