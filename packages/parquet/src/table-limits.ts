// What reading a Parquet file of a stranger may take, and what is read at once. A file beyond a limit is refused by name.
//
// Parquet says how long things are before it says them, and its run-length codes make a billion values of six bytes. So
// nothing is allocated or looped over because a file says so: each size is first held against one of these.

const MIB = 1024 * 1024

/** The last bytes of a file, read first. Files up to this size are read by one request. */
export const TAIL_BYTES = 64 * 1024

/** Gaps between needed ranges that are read along: a request takes as long. */
export const GAP_BYTES = 256 * 1024

/** Requests for parts of one file that are under way at once. */
export const PARTS_AT_ONCE = 4

/** Row groups are read together up to this many bytes. */
export const LOAD_BYTES = 8 * MIB

/** A footer of 29 columns takes some 3 KiB a row group. */
export const MAX_FOOTER_BYTES = 8 * MIB

/** Packed bytes of a row group's needed columns, held at once. AWS's objects have up to 75 MB in all. */
export const MAX_GROUP_BYTES = 128 * MIB

/** Unpacked pages and dictionaries of all needed columns, held at once. */
export const MAX_PAGES_BYTES = 128 * MIB

/** Rows that a file may hold a byte of its size. gzip packs a thousand to one, at most. */
export const MAX_ROWS_PER_BYTE = 1024

/** Bytes that pages may unpack to, all together, a byte of the file's size; a small file may have SMALL_BYTES of them. */
export const MAX_UNPACKED_PER_BYTE = 4096
export const SMALL_BYTES = 64 * MIB

/** Rows of a slice, at most. */
export const SLICE_ROWS = 4096
