import type { Program } from "../runtime/program.ts";

/** A program with its weights, which takes memory while it is loaded. */
export interface Resident {
  /** Memory that it takes while it is loaded. */
  readonly bytes: number;
  load(): Promise<Program>;
}

/** Bytes that may still be taken. */
export type Room = () => number;

interface Place {
  program: Program;
  /** Runs under way. */
  users: number;
  /** When it was last used, in changes from one program to another. */
  used: number;
  /** What its runs have taken so far beside the program: engines keep it for the next run. */
  held: number;
}

/**
 * A program not used for this many changes from one program to another is idle: no loop of the pipeline goes through more of them (a
 * round of drawing uses encoder, language model, decoder and head).
 */
const IDLE = 8;

/** Whose runs take this much beside it, and more than it takes itself, is given back after every run. */
const FLEETING = 2 ** 30;

/**
 * The programs that are loaded. Each is loaded when it is first used and stays; where there is no room for the next one, or for the work
 * of a run, others are given back: first those that have been idle longest, then the smallest, as they are loaded again the fastest. Where
 * the room is limited at all, programs whose runs take much more than they do themselves (the autoencoder's at large sizes) do not stay.
 */
export class Residents {
  readonly #places = new Map<Resident, Place>();
  #turn: Promise<unknown> = Promise.resolve();
  #changes = 0;
  #latest: Resident | undefined;

  /** @param room unlimited when left out */
  constructor(private readonly room?: Room) {}

  /**
   * Lends out a loaded program for a run. If all that can be given back has been and there is still too little room, it is run all the same.
   *
   * @param work bytes that the run takes beside the program
   */
  async use<Result>(resident: Resident, work: number, run: (program: Program) => Promise<Result>): Promise<Result> {
    const place = await this.#inTurn(() => this.#take(resident, work));
    try {
      return await run(place.program);
    } finally {
      place.users--;
      if (this.room && place.held >= FLEETING && place.held > resident.bytes)
        await this.#inTurn(() => this.#giveBack(resident));
    }
  }

  /** Frees everything. */
  async release(): Promise<void> {
    await this.#inTurn(async () => {
      const places = [...this.#places.values()];
      this.#places.clear();
      await Promise.all(places.map(({ program }) => program.release()));
    });
  }

  /** One change at a time: room that was made for one program must not be taken by another. */
  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(action);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #take(resident: Resident, work: number): Promise<Place> {
    const known = this.#places.get(resident);
    await this.#makeRoom((known ? 0 : resident.bytes) + Math.max(0, work - (known?.held ?? 0)), resident);
    const place = known ?? { program: await resident.load(), users: 0, used: 0, held: 0 };
    place.held = Math.max(place.held, work);
    this.#places.set(resident, place);
    if (this.#latest !== resident) this.#changes++;
    this.#latest = resident;
    place.used = this.#changes;
    place.users++;
    return place;
  }

  async #makeRoom(needed: number, wanted: Resident): Promise<void> {
    const room = this.room ?? (() => Number.POSITIVE_INFINITY);
    if (needed <= room()) return;
    const idle = (used: number) => (this.#changes - used < IDLE ? Number.POSITIVE_INFINITY : used);
    const others = [...this.#places]
      .filter(([resident, { users }]) => resident !== wanted && users === 0 && resident.bytes > 0)
      .sort(([a, left], [b, right]) => compare(idle(left.used), idle(right.used)) || a.bytes - b.bytes);
    for (const [resident] of others) {
      await this.#giveBack(resident);
      if (needed <= room()) return;
    }
  }

  /** Frees a program that is not running. */
  async #giveBack(resident: Resident): Promise<void> {
    const place = this.#places.get(resident);
    if (!place || place.users > 0) return;
    this.#places.delete(resident);
    await place.program.release();
  }
}

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);
