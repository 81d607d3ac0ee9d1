/** Things that can be drawn doing different things: each pose is an icon that all three sets have. */
export interface PoseKind {
  readonly name: string;
  /** Pose to icon name. */
  readonly poses: Readonly<Record<string, string>>;
}

export const POSES: readonly PoseKind[] = [
  {
    name: "person",
    poses: {
      standing: "person-standing",
      walking: "person-walking",
      running: "person-running",
      kneeling: "person-kneeling",
      "raising a hand": "person-raising-hand",
      dancing: "woman-dancing",
      "doing a cartwheel": "person-cartwheeling",
      meditating: "person-in-lotus-position",
      climbing: "person-climbing",
      "riding a bike": "person-biking",
      swimming: "person-swimming",
      juggling: "person-juggling",
    },
  },
  {
    name: "face",
    poses: {
      smiling: "grinning-face",
      crying: "crying-face",
      angry: "angry-face",
      sleeping: "sleeping-face",
      winking: "winking-face",
    },
  },
  {
    name: "monkey",
    poses: {
      "covering its eyes": "see-no-evil-monkey",
      "covering its ears": "hear-no-evil-monkey",
      "covering its mouth": "speak-no-evil-monkey",
    },
  },
  { name: "cat face", poses: { smiling: "grinning-cat", crying: "crying-cat", pouting: "pouting-cat" } },
  { name: "book", poses: { open: "open-book", closed: "closed-book" } },
  { name: "lock", poses: { open: "unlocked", closed: "locked" } },
  { name: "umbrella", poses: { open: "umbrella", closed: "closed-umbrella" } },
];
