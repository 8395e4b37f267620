// A slice is some rows of the columns that were asked for, as columns, valid until the next is asked for.
//
//   texts      entries[i] is row i's place among `texts`, NULL_ENTRY for null; place e is bytes[starts[e], ends[e]).
//              As long as `texts` is the same object (a dictionary serves many slices) a place means the same text
//   integers   words[2i], words[2i + 1] are the low and high half of row i's 64 bits, two's complement; present[i] is
//              0 for null. Timestamps come as Unix seconds, rounded down
//
// Ids in the place of texts are what makes columns cheap: whoever reads an address reads it once a dictionary.

export const NULL_ENTRY = -1

export interface Texts {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly count: number
}

export interface TextSlice {
  readonly texts: Texts
  readonly entries: Int32Array
}

export interface IntegerSlice {
  readonly words: Uint32Array
  readonly present: Uint8Array
}

export interface TableSlice {
  readonly rows: number
  /** In the order in which the columns were asked for. */
  readonly columns: readonly (TextSlice | IntegerSlice)[]
}
