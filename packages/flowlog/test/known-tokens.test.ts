// Instances, interfaces and zones that are known have their codes in a batch, whichever scanner reads them.

import { expect, test } from 'vitest'
import { makeScanner, SCANNERS } from '../../../test/support/scanners.ts'
import { Seeded } from '../../../test/support/seeded.ts'
import { FlowLogReader, NO_TOKEN, OTHER_TOKEN, TokenTable } from '../src/index.ts'

const HEADER = 'instance-id interface-id az-id srcaddr dstaddr flow-direction bytes start'
const TABLES = ['instances', 'interfaces', 'zones'] as const
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789-'

function randomToken(random: Seeded): string {
  const length = random.pick([1, 2, 7, 8, 9, 15, 16, 17, 19, 20, 24, 40, 70])
  // Many have a beginning, a middle or an end in common.
  const same = random.pick(['', 'i-0', 'eni-0123456789abcdef0123456789'])
  const rest = random.list(length, () => LETTERS[random.int(random.pick([2, LETTERS.length]))]!).join('')
  return random.chance(0.5) ? same + rest : rest + same
}

function vocabulary(random: Seeded, size: number): string[] {
  return [...new Set(random.list(size, () => randomToken(random)))].filter(token => token !== '-')
}

function check(random: Seeded, size: number, lines: number, note: string): number {
  const words = TABLES.map(() => vocabulary(random, size))
  const tokens = Object.fromEntries(TABLES.map((name, at) => [name, new TokenTable(words[at])])) as Record<
    (typeof TABLES)[number],
    TokenTable
  >
  const rows = random.list(lines, () =>
    words.map(known =>
      random.chance(0.7) && known.length > 0 ? random.pick(known) : random.pick(['-', randomToken(random)]),
    ),
  )
  const text = `${HEADER}\n${rows.map(row => `${row.join(' ')} 10.0.0.1 10.0.0.2 egress 1 1\n`).join('')}`
  const codeOf = (at: number, token: string) => {
    if (token === '-') return NO_TOKEN
    const code = words[at]!.indexOf(token)
    return code < 0 ? OTHER_TOKEN : code
  }
  const expected = rows.map(row => row.map((token, at) => codeOf(at, token)))
  for (const scanner of SCANNERS) {
    const reader = new FlowLogReader(makeScanner(scanner, tokens))
    const codes: number[][] = []
    reader.push(new TextEncoder().encode(text), batch => {
      for (let row = 0; row < batch.count; row++) {
        codes.push([batch.instance[row]!, batch.interface[row]!, batch.zone[row]!])
      }
    })
    expect(codes, `${note}, ${scanner}`).toEqual(expected)
  }
  return expected.flat().filter(code => code >= 0).length
}

test('each has the code of its place in the vocabulary, on 400 random ones', () => {
  let known = 0
  for (let seed = 1; seed <= 400; seed++) {
    const random = new Seeded(seed)
    known += check(random, random.pick([0, 1, 2, 3, 8, 9, 100]), 30, `seed ${seed}`)
  }
  expect(known).toBeGreaterThan(10_000)
})

test('also of a hundred thousand', () => {
  expect(check(new Seeded(1), 40_000, 300, 'many')).toBeGreaterThan(400)
})
