// A CIDR block as the first and last address it holds.

import { parseAddress } from '@zonetoll/model'

export interface Cidr {
  readonly family: 4 | 6
  readonly prefix: number
  /** One 32-bit word for IPv4, four for IPv6, high first. */
  readonly first: readonly number[]
  readonly last: readonly number[]
}

const BLOCK = /^([^/]+)\/(\d{1,3})$/

/** The block a text like `10.0.0.0/18` spells, host bits ignored; null where it spells none. */
export function parseCidr(text: string): Cidr | null {
  const parts = BLOCK.exec(text)
  if (parts === null) return null
  const address = parseAddress(parts[1]!)
  const prefix = Number(parts[2])
  if (address === null || prefix > (address.family === 4 ? 32 : 128)) return null
  const first: number[] = []
  const last: number[] = []
  for (const [at, word] of address.words.entries()) {
    const free = Math.min(32, Math.max(0, 32 * (at + 1) - prefix))
    const size = 2 ** free
    const base = Math.floor(word / size) * size
    first.push(base)
    last.push(base + size - 1)
  }
  return { family: address.family, prefix, first, last }
}
