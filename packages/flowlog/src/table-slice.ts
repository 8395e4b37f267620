// What a table reader is given: some rows of the columns it asked for, valid during the call. Who decoded them is not
// its business.

export interface Texts {
  readonly bytes: Uint8Array
  /** Text e is bytes[starts[e], ends[e]). */
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly count: number
}

/** entries[row] is the row's place among the texts, negative for null. */
export interface TextSlice {
  readonly texts: Texts
  readonly entries: Int32Array
}

/** words[2 row], words[2 row + 1]: low and high half of 64 bits, two's complement; present[row] is 0 for null. */
export interface IntegerSlice {
  readonly words: Uint32Array
  readonly present: Uint8Array
}

export interface TableSlice {
  readonly rows: number
  /** In the order of TableFormat's columns. */
  readonly columns: readonly (TextSlice | IntegerSlice)[]
}
