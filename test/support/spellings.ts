/** Addresses in random spellings, and ways to spoil them: for readers of addresses and their twins. */
import * as fc from 'fast-check'

const OCTET = fc.oneof(fc.constantFrom(0, 1, 9, 10, 99, 100, 199, 200, 249, 250, 255), fc.nat(255))

const GROUP = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.nat(0xffff) },
  { weight: 1, arbitrary: fc.constantFrom(1, 0xf, 0xabc, 0xffff, 0x2600) },
)

const IPV4 = fc.tuple(OCTET, OCTET, OCTET, OCTET).map(octets => octets.join('.'))

/** Some way to write eight groups: short or padded, upper or lower case, a run of zeros left out, a dotted tail. */
const IPV6 = fc
  .record({
    groups: fc.array(GROUP, { minLength: 8, maxLength: 8 }),
    width: fc.constantFrom(1, 2, 4),
    upper: fc.boolean(),
    gap: fc.nat(7),
    gapped: fc.boolean(),
    dotted: fc.boolean(),
  })
  .map(({ groups, width, upper, gap, gapped, dotted }) => {
    const written = groups.map(group => {
      const digits = group.toString(16).padStart(width, '0')
      return upper ? digits.toUpperCase() : digits
    })
    const [high = 0, low = 0] = groups.slice(6)
    const parts = dotted
      ? [...written.slice(0, 6), [high >> 8, high & 255, low >> 8, low & 255].join('.')]
      : written
    const zeros = groups.slice(0, dotted ? 6 : 8)
    let end = gap
    while (zeros[end] === 0) end++
    if (!gapped || end === gap || gap >= zeros.length) return parts.join(':')
    return `${parts.slice(0, gap).join(':')}::${parts.slice(end).join(':')}`
  })

/** A text that spells an address. */
export const SPELLING = fc.oneof(IPV4, IPV6)

/** One change: at a place (a share of the text's length), that many characters go, these come. */
export const MUTATION = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.nat(2),
  inserted: fc.constantFrom(
    '',
    '',
    ':',
    '::',
    '.',
    '0',
    '1',
    'f',
    'g',
    'G',
    '@',
    '`',
    '-',
    '%',
    ' ',
    '25',
    '1.2',
    '/',
    'é',
  ),
})

type Mutation = typeof MUTATION extends fc.Arbitrary<infer T> ? T : never

export function mutate(text: string, mutations: readonly Mutation[]): string {
  let changed = text
  for (const { place, removed, inserted } of mutations) {
    const at = Math.floor(place * changed.length)
    changed = changed.slice(0, at) + inserted + changed.slice(at + removed)
  }
  return changed
}
