import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { UserError } from "../../errors.ts";
import { systemReason } from "../../image/codec.ts";

/** A sample's files to write, in this order. */
export type Fields = readonly (readonly [field: string, bytes: Uint8Array])[];

/**
 * Writes one shard. It appears under its name when it is finished, and not at all otherwise; the same samples give the same bytes.
 */
export class ShardWriter {
  readonly #pack: Pack = pack();
  readonly #written: Promise<unknown>;
  #failure: UserError | undefined;

  private constructor(
    private readonly path: string,
    private readonly partial: string,
  ) {
    this.#written = pipeline(this.#pack, createWriteStream(partial)).catch((error) => {
      this.#failure = new UserError(`Cannot write "${path}": ${systemReason(error)}.`);
    });
  }

  /** @throws UserError, as the other methods do, where it cannot be written. */
  static async open(path: string): Promise<ShardWriter> {
    try {
      await mkdir(dirname(path), { recursive: true });
    } catch (error) {
      throw new UserError(`Cannot write "${path}": ${systemReason(error)}.`);
    }
    // Names that begin with a dot are not taken for shards.
    return new ShardWriter(path, join(dirname(path), `.${basename(path)}.${process.pid}.partial`));
  }

  async add(key: string, fields: Fields): Promise<void> {
    for (const [field, bytes] of fields) {
      if (this.#failure) throw this.#failure;
      const written = new Promise<void>((resolve, reject) => {
        const header = { name: `${key}.${field}`, mtime: new Date(0) };
        this.#pack.entry(header, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), (error) =>
          error ? reject(error) : resolve(),
        );
      });
      // A disk that is full fails the writing, after which nobody asks for more.
      await Promise.race([written, this.#written]);
    }
  }

  async finish(): Promise<void> {
    this.#pack.finalize();
    await this.#written;
    if (this.#failure) {
      await this.discard();
      throw this.#failure;
    }
    await rename(this.partial, this.path);
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    this.#pack.destroy();
    await this.#written;
    await rm(this.partial, { force: true });
  }
}
