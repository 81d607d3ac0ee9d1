/** Tensors of torch files: views into storages, which several tensors may share. */
import { UserError } from "../errors.ts";
import { clip } from "./show-value.ts";
import {
  byteLength,
  ELEMENT_BYTES,
  elementCount,
  isSize,
  isSizeList,
  PIECE_BYTES,
  type StoredDType,
} from "./tensor-data.ts";

/** A run of elements in a torch file. Where its bytes lie may be known only after the pickle has been read. */
export interface TorchStorage {
  key: string;
  dtype: StoredDType;
  /** Number of elements. */
  size: number;
  /** Elements between the start of the stored run and the start of this one; not zero for the views of the oldest files. */
  start: number;
}

/** Reads `length` elements of a storage's run, from element `start`. */
export type StorageReader = (storage: TorchStorage, start: number, length: number) => Uint8Array;

/**
 * A view may be larger than its storage, by strides of zero, up to this many bytes: a small file must not be able to ask for a lot of
 * memory with one.
 */
const EXPANDED_LIMIT = 2 ** 20;

/** A tensor as torch stores it: element i, j, ... is at `offset + i * strides[0] + j * strides[1] + ...` of its storage. */
export class TorchTensor {
  readonly dtype: StoredDType;
  readonly shape: number[];
  /** In elements, one for each dimension. */
  readonly strides: number[];
  /** In elements. */
  readonly offset: number;
  readonly storage: TorchStorage;

  /** @throws UserError when the view reaches outside its storage. */
  constructor(storage: TorchStorage, offset: unknown, shape: unknown, strides: unknown) {
    if (!isSize(offset) || !isSizeList(shape) || !isSizeList(strides) || shape.length !== strides.length) {
      throw new UserError(
        `A tensor in storage "${clip(storage.key)}" has an offset, shape or strides that are not whole numbers of zero or more.`,
      );
    }
    this.dtype = storage.dtype;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    this.storage = storage;
    if (this.offset + this.#span > storage.size) {
      throw new UserError(
        `A tensor of shape [${shape.join(", ")}] reaches past the end of storage "${clip(storage.key)}", which has ${storage.size} elements.`,
      );
    }
    const bytes = byteLength(this.dtype, shape);
    if (bytes > Math.max(EXPANDED_LIMIT, storage.size * ELEMENT_BYTES[this.dtype])) {
      throw new UserError(
        `A tensor of shape [${shape.join(", ")}] would take ${bytes} bytes, far more than its storage holds.`,
      );
    }
  }

  /** Elements of the storage from the first that the view uses to the last. */
  get #span(): number {
    if (this.shape.includes(0)) return 0;
    return this.shape.reduce((last, size, i) => last + (size - 1) * this.strides[i], 1);
  }

  /** The elements, row-major and without gaps, a piece at a time; each piece is read when its turn comes. */
  *pieces(read: StorageReader): Generator<Uint8Array> {
    const size = ELEMENT_BYTES[this.dtype];
    const count = elementCount(this.shape);
    const most = PIECE_BYTES / size;
    if (this.#isContiguous) {
      for (let done = 0; done < count; done += most) {
        yield read(this.storage, this.offset + done, Math.min(most, count - done));
      }
      return;
    }
    const source = read(this.storage, this.offset, this.#span);
    const index = new Array<number>(this.shape.length).fill(0);
    let element = 0;
    for (let done = 0; done < count; done += most) {
      const piece = new Uint8Array(Math.min(most, count - done) * size);
      for (let end = 0; end < piece.byteLength; end += size) {
        for (let i = 0; i < size; i++) piece[end + i] = source[element * size + i];
        element = this.#next(index, element);
      }
      yield piece;
    }
  }

  /** Counts the index up, last dimension fastest, and keeps its element in step. */
  #next(index: number[], element: number): number {
    let next = element;
    for (let axis = index.length - 1; axis >= 0; axis--) {
      next += this.strides[axis];
      if (++index[axis] < this.shape[axis]) break;
      next -= this.strides[axis] * this.shape[axis];
      index[axis] = 0;
    }
    return next;
  }

  /** All elements, row-major and without gaps. */
  contiguous(read: StorageReader): Uint8Array {
    const count = elementCount(this.shape);
    if (this.#isContiguous) return read(this.storage, this.offset, count);
    const bytes = new Uint8Array(count * ELEMENT_BYTES[this.dtype]);
    let end = 0;
    for (const piece of this.pieces(read)) {
      bytes.set(piece, end);
      end += piece.byteLength;
    }
    return bytes;
  }

  get #isContiguous(): boolean {
    let stride = 1;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      if (this.shape[axis] !== 1 && this.strides[axis] !== stride) return this.shape.includes(0);
      stride *= this.shape[axis];
    }
    return true;
  }
}
