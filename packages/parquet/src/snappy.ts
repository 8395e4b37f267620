// Snappy, unpacked.
//
//   varint   length of what is packed
//   then     00  literal: its length (or how many bytes the length has), the bytes
//            01, 10, 11  copy of what was unpacked before: length, and 11, 16 or 32 bits of how far back
//
// hyparquet 1.31.5 has it too, and reads a literal's length of 32 bits as negative: it goes back in its input, for ever
// where it comes to the same place. Here each step takes a byte at least. Source: snappy/format_description.txt.

import { PageDamage } from './table-error.ts'

/** The bytes packed, exactly `size` of them. Throws PageDamage where they aren't. */
export function unpackSnappy(packed: Uint8Array, size: number): Uint8Array {
  const unpacked = new Uint8Array(size)
  let at = lengthEnd(packed)
  let reached = 0
  while (at < packed.length) {
    const tag = packed[at++]!
    const kind = tag & 3
    if (kind === 0) {
      const short = tag >> 2
      const bytes = short < 60 ? 0 : short - 59
      const length = (bytes === 0 ? short : readLittle(packed, at, bytes)) + 1
      at += bytes
      if (length > packed.length - at || length > size - reached) throw damage()
      unpacked.set(packed.subarray(at, at + length), reached)
      at += length
      reached += length
      continue
    }
    const near = kind === 1
    const length = near ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const bytes = near ? 1 : kind * 2 - 2
    const back = (near ? (tag >> 5) * 256 : 0) + readLittle(packed, at, bytes)
    at += bytes
    if (back === 0 || back > reached || length > size - reached) throw damage()
    // A copy may run into what it has just written.
    for (const end = reached + length; reached < end; reached++) unpacked[reached] = unpacked[reached - back]!
  }
  if (reached !== size) throw new PageDamage(`it unpacks to ${reached} bytes`)
  return unpacked
}

// Behind the varint that the packed bytes begin with; the page's header has said the length already.
function lengthEnd(packed: Uint8Array): number {
  const last = packed.findIndex(byte => byte < 128)
  if (last < 0 || last > 4) throw damage()
  return last + 1
}

function readLittle(packed: Uint8Array, at: number, bytes: number): number {
  if (bytes > packed.length - at) throw damage()
  let value = 0
  for (let place = 0; place < bytes; place++) value += packed[at + place]! * 256 ** place
  return value
}

function damage(): PageDamage {
  return new PageDamage('it ends early or goes back too far')
}
