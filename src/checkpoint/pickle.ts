/**
 * A reader of Python pickles that never runs anything: it understands the opcodes that data needs (protocols 2 to 5), and turns a global into
 * a value, or calls it, only through what the caller allows. See https://docs.python.org/3/library/pickletools.html.
 */
import { UserError } from "../errors.ts";

/** Something that a pickle may call: what REDUCE and NEWOBJ find on the stack. */
export class PickleFunction {
  readonly call: (args: unknown[]) => unknown;

  constructor(call: (args: unknown[]) => unknown) {
    this.call = call;
  }
}

/** What a pickle may refer to outside itself. Both throw for anything that is not allowed. */
export interface PickleWorld {
  /** The value of `module.name`; a {@link PickleFunction} when it may be called. */
  global(module: string, name: string): unknown;
  /** The value of a persistent id, which is whatever the pickle says. */
  persistent(id: unknown): unknown;
}

/** Longest whole number that is read, in bytes: the longest in a torch file is the ten bytes of its magic number. */
const INTEGER_LIMIT = 16;

/**
 * Work that one pickle may ask for: a unit for every collection that is made, and for every element that a call looks at. A checkpoint
 * takes some six units a tensor. One byte of a pickle can make a dictionary of hundreds of bytes, and a few can have the same list
 * copied over and over; this bounds both.
 */
const WORK_LIMIT = 200_000;

/**
 * Reads one pickle. Dictionaries become Maps, lists and tuples arrays, None null, bytes Uint8Arrays; whole numbers become numbers, or bigints
 * where a number would lose digits.
 *
 * @param start where the pickle begins in `bytes`
 * @returns the value, and where the next byte after the pickle is
 * @throws UserError when the pickle is damaged, refers to a global that `world` refuses, or uses an opcode that data does not need.
 */
export function unpickle(bytes: Uint8Array, world: PickleWorld, start = 0): { value: unknown; end: number } {
  return new Unpickler(bytes, world, start).run();
}

class Unpickler {
  readonly #bytes: Uint8Array;
  readonly #data: DataView;
  readonly #world: PickleWorld;
  #position: number;
  #stack: unknown[] = [];
  /** Height of the stack at each MARK. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();
  #work = 0;

  constructor(bytes: Uint8Array, world: PickleWorld, start: number) {
    this.#bytes = bytes;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#world = world;
    this.#position = start;
  }

  run(): { value: unknown; end: number } {
    for (;;) {
      const at = this.#position;
      const opcode = this.#byte();
      if (opcode === STOP) return { value: this.#pop(), end: this.#position };
      const known = this.#literal(opcode) || this.#container(opcode) || this.#reference(opcode);
      if (!known) {
        throw new UserError(
          `The pickle uses opcode 0x${opcode.toString(16)} at byte ${at}, which checkpoints do not need.`,
        );
      }
    }
  }

  /** Opcodes that push a value written in the pickle. */
  #literal(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        this.#byte();
        return true;
      case 0x95: // FRAME
        this.#take(8);
        return true;
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4b: // BININT1
        return this.#push(this.#byte());
      case 0x4d: // BININT2
        return this.#push(this.#data.getUint16(this.#take(2), true));
      case 0x4a: // BININT
        return this.#push(this.#data.getInt32(this.#take(4), true));
      case 0x8a: // LONG1
        return this.#push(this.#integer(this.#byte()));
      case 0x8b: // LONG4
        return this.#push(this.#integer(this.#uint32()));
      case 0x47: // BINFLOAT
        return this.#push(this.#data.getFloat64(this.#take(8), false));
      case 0x58: // BINUNICODE
        return this.#push(this.#text(this.#uint32()));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#text(this.#byte()));
      case 0x8d: // BINUNICODE8
        return this.#push(this.#text(this.#uint64()));
      case 0x54: // BINSTRING
        return this.#push(this.#text(this.#uint32()));
      case 0x55: // SHORT_BINSTRING
        return this.#push(this.#text(this.#byte()));
      case 0x42: // BINBYTES
        return this.#push(this.#slice(this.#uint32()));
      case 0x43: // SHORT_BINBYTES
        return this.#push(this.#slice(this.#byte()));
      case 0x8e: // BINBYTES8
        return this.#push(this.#slice(this.#uint64()));
      default:
        return false;
    }
  }

  /** Opcodes that build lists, tuples and dictionaries. */
  #container(opcode: number): boolean {
    switch (opcode) {
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        return true;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.#pushNew([]);
      case 0x7d: // EMPTY_DICT
        return this.#pushNew(new Map());
      case 0x6c: // LIST
      case 0x74: // TUPLE
        return this.#pushNew(this.#popToMark());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#pushNew(this.#popMany(opcode - 0x84));
      case 0x64: // DICT
        return this.#pushNew(setItems(new Map(), this.#popToMark()));
      case 0x61: // APPEND
        return this.#append(this.#popMany(1));
      case 0x65: // APPENDS
        return this.#append(this.#popToMark());
      case 0x73: // SETITEM
        return this.#set(this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#set(this.#popToMark());
      case 0x30: // POP
        this.#pop();
        return true;
      default:
        return false;
    }
  }

  /** Opcodes that refer to earlier values or to the outside. */
  #reference(opcode: number): boolean {
    switch (opcode) {
      case 0x71: // BINPUT
        return this.#remember(this.#byte());
      case 0x72: // LONG_BINPUT
        return this.#remember(this.#uint32());
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size);
      case 0x68: // BINGET
        return this.#push(this.#recall(this.#byte()));
      case 0x6a: // LONG_BINGET
        return this.#push(this.#recall(this.#uint32()));
      case 0x63: {
        // GLOBAL
        const module = this.#line();
        return this.#push(this.#world.global(module, this.#line()));
      }
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        if (typeof module !== "string" || typeof name !== "string")
          throw new UserError("The pickle is damaged: it names a global by something that is not a text.");
        return this.#push(this.#world.global(module, name));
      }
      case 0x51: // BINPERSID
        return this.#push(this.#world.persistent(this.#pop()));
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        return this.#call();
      case 0x62: {
        // BUILD sets attributes, such as an OrderedDict's `_metadata`: none of them is a part of the data.
        this.#pop();
        if (!(this.#top() instanceof Map))
          throw new UserError("The pickle sets attributes of something other than a dictionary.");
        return true;
      }
      default:
        return false;
    }
  }

  #call(): boolean {
    const [callee, args] = this.#popMany(2);
    if (!(callee instanceof PickleFunction)) throw new UserError("The pickle calls something that is not a function.");
    if (!Array.isArray(args)) throw new UserError("The pickle calls a function without a tuple of arguments.");
    for (const argument of args) this.#spend(Array.isArray(argument) ? argument.length : 1);
    return this.#pushNew(callee.call(args));
  }

  #append(items: unknown[]): boolean {
    const list = this.#top();
    if (!Array.isArray(list)) throw new UserError("The pickle appends to something that is not a list.");
    for (const item of items) list.push(item);
    return true;
  }

  #set(items: unknown[]): boolean {
    const dictionary = this.#top();
    if (!(dictionary instanceof Map))
      throw new UserError("The pickle sets an item of something that is not a dictionary.");
    setItems(dictionary, items);
    return true;
  }

  #remember(key: number): boolean {
    this.#memo.set(key, this.#top());
    return true;
  }

  #recall(key: number): unknown {
    if (!this.#memo.has(key)) throw new UserError(`The pickle refers to value ${key}, which it has not stored.`);
    return this.#memo.get(key);
  }

  #push(value: unknown): true {
    this.#stack.push(value);
    return true;
  }

  /** Pushes a collection, or what a call has made. */
  #pushNew(value: unknown): true {
    this.#spend(1);
    return this.#push(value);
  }

  #spend(work: number): void {
    this.#work += work;
    if (this.#work > WORK_LIMIT) {
      throw new UserError(`The pickle makes more than ${WORK_LIMIT} collections, which checkpoints do not need.`);
    }
  }

  #pop(): unknown {
    return this.#popMany(1)[0];
  }

  #top(): unknown {
    const value = this.#pop();
    this.#stack.push(value);
    return value;
  }

  #popMany(count: number): unknown[] {
    // Values below the latest MARK belong to what was being built before it.
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#stack.length - floor < count)
      throw new UserError("The pickle is damaged: it takes values that are not there.");
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw new UserError("The pickle is damaged: it ends a collection that it has not begun.");
    return this.#stack.splice(mark);
  }

  /** Steps over `length` bytes and returns where they begin. */
  #take(length: number): number {
    const at = this.#position;
    if (length > this.#bytes.byteLength - at) throw new UserError("The pickle is cut short: it ends within a value.");
    this.#position += length;
    return at;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)];
  }

  #uint32(): number {
    return this.#data.getUint32(this.#take(4), true);
  }

  /** A length of eight bytes; one that is too long for the pickle is refused by {@link #take}. */
  #uint64(): number {
    return Number(this.#data.getBigUint64(this.#take(8), true));
  }

  #slice(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  #text(length: number): string {
    const at = this.#take(length);
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#bytes.subarray(at, at + length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0) throw new UserError("The pickle is cut short: it ends within a name.");
    const text = this.#text(end - this.#position);
    this.#position = end + 1;
    return text;
  }

  /** A little-endian two's complement whole number of `length` bytes. */
  #integer(length: number): number | bigint {
    if (length > INTEGER_LIMIT)
      throw new UserError(`The pickle holds a whole number of ${length} bytes, more than checkpoints need.`);
    const at = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i]);
    const signed = BigInt.asIntN(length * 8, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }
}

const STOP = 0x2e;

function setItems(dictionary: Map<unknown, unknown>, items: unknown[]): Map<unknown, unknown> {
  if (items.length % 2 !== 0) throw new UserError("The pickle is damaged: it sets a key without a value.");
  for (let i = 0; i < items.length; i += 2) dictionary.set(items[i], items[i + 1]);
  return dictionary;
}
