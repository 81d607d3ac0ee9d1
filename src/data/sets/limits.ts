/** The most that is taken from a data set's files, whatever they claim: a file may come from anywhere. */

/** Bytes of one picture or array of latents. */
export const MOST_PICTURE_BYTES = 64 * 2 ** 20;
/** Bytes of one JSON or text file, and of a line of a metadata file. */
export const MOST_TEXT_BYTES = 2 ** 20;
/** Files that belong to one sample. */
export const MOST_FIELDS = 16;
/** Bytes of all of one sample's files. */
export const MOST_SAMPLE_BYTES = 128 * 2 ** 20;
/** Characters of a caption, question, answer or instruction. */
export const MOST_CHARACTERS = 10_000;
/** Bytes of a file's name inside a shard. */
export const MOST_NAME_BYTES = 1024;
/** Files in a folder of pictures; more belong in shards, which need no list of everything. */
export const MOST_FILES = 2_000_000;
/** Bytes that a shuffle buffer holds, however many samples it may have. */
export const MOST_BUFFER_BYTES = 64 * 2 ** 20;
