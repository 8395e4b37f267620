// A column's fingerprint: 32 bits that depend on every value and on their order. The writer takes it from the
// rows, the check from what another library decodes, so that a value lost, doubled, changed or moved on the
// way shows. It guards against faults, not against someone who wants two files to look alike.
//
//   text      FNV-1a over its UTF-8 bytes, folded in; null is a constant of its own
//   integer   its low and its high 32 bits, folded in one after the other
//
// Each step is a bijection of the state and of the value, so that one changed value never goes unseen; any
// other change does with a chance of 2^-32 a column.

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
const FOLD = 0x9e3779b1

/** What folds in for null. */
export const NULL_HASH = 0x6e756c6c

export const EMPTY_FINGERPRINT = 0

/** The fingerprint with one more 32-bit value behind it. */
export function fold(fingerprint: number, value: number): number {
  return Math.imul(((fingerprint << 5) | (fingerprint >>> 27)) ^ value, FOLD)
}

/** The fingerprint with one more integer behind it, 0 to 2^53 - 1. */
export function foldInteger(fingerprint: number, value: number): number {
  return fold(fold(fingerprint, value | 0), Math.floor(value / 2 ** 32))
}

export function hashText(utf8: Uint8Array): number {
  let hash = FNV_OFFSET
  for (let at = 0; at < utf8.length; at++) hash = Math.imul(hash ^ utf8[at]!, FNV_PRIME)
  return hash
}
