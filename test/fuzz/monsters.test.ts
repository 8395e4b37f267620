// Objects of sizes that no one should send, against commands in processes of their own: each ends with what it promises, in
// bounded memory and time.

import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ASSIGNMENTS, HEADER, HOUR, PARTITION, pod, record, SERVER } from '../support/data-set.ts'
import { readRecords } from '../support/read-records.ts'
import { SCANNERS } from '../support/scanners.ts'
import { measured, type Measured } from './measured-command.ts'
import {
  assignmentPath,
  objectPath,
  OPTIONS,
  PAIRS_HEADER,
  writePairs,
  writeRepeated,
  type Repeated,
} from './monsters.ts'
import { LONG } from './run-fuzz.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3
/** A small hour takes some 120 MiB; garbage comes and goes. */
const USUAL = 256 * MIB

let root = ''

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'zonetoll-monster-')))
  await writeRepeated(assignmentPath(root), [[`${ASSIGNMENTS.join('\n')}\n`, 1]])
})

afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

interface LedgerJson {
  readonly rows: number
  readonly read: { readonly records: number }
  readonly accounts: Readonly<Record<string, { readonly records: number }>>
  readonly objects: readonly { readonly problem: string | null }[]
}

function ledgerPath(): string {
  return join(root, 'rollups', PARTITION, '_ledger.json')
}

async function ledger(): Promise<LedgerJson> {
  return JSON.parse(await readFile(ledgerPath(), 'utf8')) as LedgerJson
}

async function start(...args: readonly string[]): Promise<Measured> {
  return await measured('start', [...OPTIONS, ...args], { cwd: root })
}

async function written(): Promise<string[]> {
  return await readdir(join(root, 'rollups'), { recursive: true }).catch(() => [])
}

const X = 'x'.repeat(16 * MIB)

/** Fields that nobody reads. */
function others(count: number, at: number): string[] {
  return Array.from({ length: count }, (_, field) => `f${at + field}`)
}

describe('flow logs', () => {
  test(
    'a line of 1 GiB is one malformed line, and its neighbours are read',
    { timeout: 240_000 },
    async () => {
      const parts: Repeated[] = [
        [`${HEADER}\n${record({ bytes: 7 })}\n`, 1],
        [X, 64],
        [`\n${record({ bytes: 9 })}\n`, 1],
      ]
      const { text, packed } = await writeRepeated(objectPath(root, 'long'), parts)
      expect(text).toBeGreaterThan(GIB)
      expect(text / packed).toBeGreaterThan(1000)
      const { status, stderr, peak } = await start()
      expect([status, stderr]).toEqual([0, ''])
      expect(peak).toBeLessThan(USUAL)
      const { read, accounts } = await ledger()
      expect([read.records, accounts['malformed']!.records, accounts['crossZone']!.records]).toEqual([
        3, 1, 2,
      ])
    },
  )

  test(
    'a first line of 1 GiB fails the hour by name at once, or is left out',
    { timeout: 240_000 },
    async () => {
      await writeRepeated(objectPath(root, 'bad'), [
        [X, 64],
        [`\n${record()}\n`, 1],
      ])
      await writeRepeated(objectPath(root, 'good'), [[`${HEADER}\n${record()}\n`, 1]])
      const failed = await start()
      expect([failed.status, failed.peak < USUAL]).toEqual([1, true])
      expect(failed.stderr).toContain(
        '_bad.log.gz has no header line: its first line is longer than 65536 bytes.',
      )
      expect(await written()).toEqual([])
      const skipped = await start('--skip-bad-objects')
      expect([skipped.status, skipped.peak < USUAL]).toEqual([0, true])
      const { read, objects } = await ledger()
      expect([read.records, objects.filter(({ problem }) => problem !== null).length]).toEqual([1, 1])
    },
  )

  test('a gzip bomb of records is read to its end in constant memory', { timeout: 600_000 }, async () => {
    const line = `${record()}\n`
    const lines = Math.floor((8 * MIB) / line.length)
    const times = LONG ? 1280 : 96
    const { text, packed } = await writeRepeated(
      objectPath(root, 'bomb'),
      [
        [`${HEADER}\n`, 1],
        [line.repeat(lines), times],
      ],
      9,
    )
    expect(text / packed).toBeGreaterThan(200)
    const { status, stderr, peak } = await start()
    expect([status, stderr]).toEqual([0, ''])
    expect(peak).toBeLessThan(USUAL)
    const { accounts } = await ledger()
    expect(accounts['crossZone']!.records).toBe(lines * times)
  })

  test.each(SCANNERS)('a header of 10,000 fields names its columns, to the %s scanner', scanner => {
    const needed = 'bytes start flow-direction pkt-srcaddr pkt-dstaddr'.split(' ')
    const header = [...others(4000, 0), ...needed, ...others(5995, 4000)]
    const values = ['100', String(HOUR + 60), 'egress', '10.0.0.1', '10.0.64.1']
    const line = [...others(4000, 0).fill('-'), ...values, ...others(5995, 0).fill('-')]
    expect(header).toHaveLength(10_000)
    const text = [header.join(' '), line.join(' '), line.slice(1).join(' '), `${line.join(' ')} -`, ''].join(
      '\n',
    )
    const { records, counts } = readRecords(text, { scanner })
    expect([counts.lines, counts.malformed]).toEqual([3, 2])
    expect(records).toMatchObject([{ source: '10.0.0.1', destination: '10.0.64.1', bytes: 100n }])
  })
})

describe('pairs', () => {
  const PAIRS: readonly [number, number] = LONG ? [2500, 4000] : [600, 1000]

  test.each([
    ['one thread', ['--threads=1'], 'Give the run more memory.'],
    ['several threads', ['--threads=2'], 'or --threads 1 (each thread has totals of its own).'],
  ])(
    'more than the memory holds end the run before the memory does, on %s',
    { timeout: 600_000 },
    async (_what, args, remedy) => {
      await writePairs(root, ...PAIRS, { objects: 4 })
      const limit = LONG ? 500 : 150
      const { status, stderr, peak } = await start(...args, `--max-memory=${limit}MiB`)
      expect(stderr).toMatch(
        new RegExp(
          `^error: the memory is used up: of ${limit} MiB \\(--max-memory\\) .* are held, with .*(?:distinct pairs|threads)`,
        ),
      )
      expect(stderr).toContain(remedy)
      expect(status).toBe(1)
      expect(peak).toBeLessThan((limit + 150) * MIB)
      expect(await written()).toEqual([])
    },
  )

  test('that the memory holds become rows', { timeout: 1_200_000 }, async () => {
    await writePairs(root, ...PAIRS, { objects: 4, workloads: 1000 })
    const { status, stderr } = await start('--threads=1', `--max-memory=${LONG ? 2048 : 400}MiB`)
    expect([status, stderr]).toEqual([0, ''])
    expect((await ledger()).rows).toBe(PAIRS[0] * PAIRS[1])
  })

  test('more than the memory holds end the merge, too, and partials stay', { timeout: 600_000 }, async () => {
    await writePairs(root, 400, 1000, { objects: 2 })
    for (const shard of ['0/2', '1/2']) {
      expect((await start(`--shard=${shard}`)).status).toBe(0)
    }
    const { status, stderr } = await measured(
      'merge',
      [...OPTIONS.filter(option => !option.startsWith('--logs')), '--max-memory=100MiB'],
      { cwd: root },
    )
    expect(stderr).toMatch(/^error: the memory is used up: of 100 MiB \(--max-memory\)/)
    expect(status).toBe(1)
    expect((await written()).filter(name => name.endsWith('.bin'))).toHaveLength(2)
    expect((await written()).filter(name => name.endsWith('.parquet'))).toEqual([])
  })
})

describe('the assignment log', () => {
  const MANY = LONG ? 1_000_000 : 100_000

  /** The hour cut into as many parts. */
  function moment(at: number): string {
    return new Date(HOUR * 1000 + Math.floor((at * 3_600_000) / MANY)).toISOString()
  }

  /** Lines in members of a thousand, each made when it is due. */
  function* manyLines(line: (at: number) => string): Generator<Repeated> {
    for (let at = 0; at < MANY; at += 1000) {
      yield [`${Array.from({ length: 1000 }, (_, n) => line(at + n)).join('\n')}\n`, 1]
    }
  }

  test(
    'may have one address change hands a million times, and windows that meet them all',
    { timeout: 600_000 },
    async () => {
      await writeRepeated(
        assignmentPath(root, 'many.ndjson.gz'),
        manyLines(at => pod(`p-${at}`, '10.9.9.9', 'use2-az1', { from: moment(at), until: moment(at + 1) })),
        1,
      )
      // Windows from anywhere in the hour to its end and beyond: thousands of holders each.
      const ends = ['3599', '9223372036854775807']
      const lines = Array.from(
        { length: 20_000 },
        (_, at) =>
          `100 ${HOUR + (at % 3600)} egress 10.9.9.9 ${SERVER} ${at % 2 === 0 ? HOUR + 3599 : ends[1]}`,
      )
      await writeRepeated(objectPath(root, 'a'), [
        [`${PAIRS_HEADER.trimEnd()} end\n${lines.join('\n')}\n`, 1],
      ])
      const { status, stderr, peak, seconds } = await start('--threads=1')
      expect([status, stderr]).toEqual([0, ''])
      expect((await ledger()).accounts['crossZone']!.records).toBe(20_000)
      expect(seconds).toBeLessThan(LONG ? 240 : 60)
      expect(peak).toBeLessThan(LONG ? 3 * GIB : GIB)
    },
  )

  test('may name a million zones', { timeout: 600_000 }, async () => {
    await writeRepeated(
      assignmentPath(root, 'many.ndjson.gz'),
      manyLines(at => pod(`z-${at}`, `10.${16 + (at >>> 16)}.${(at >>> 8) & 255}.${at & 255}`, `zone-${at}`)),
      1,
    )
    const lines = Array.from(
      { length: 30_000 },
      (_, at) =>
        `100 ${HOUR + 7} egress 10.16.${(at >>> 8) & 255}.${at & 255} 10.17.${(at >>> 8) & 255}.${at & 255}`,
    )
    await writeRepeated(objectPath(root, 'a'), [[`${PAIRS_HEADER}${lines.join('\n')}\n`, 1]])
    const { status, stderr, peak } = await start('--threads=1')
    expect([status, stderr]).toEqual([0, ''])
    const { accounts, rows } = await ledger()
    expect([accounts['crossZone']!.records, rows]).toEqual([30_000, 30_000])
    expect(peak).toBeLessThan(LONG ? 3 * GIB : GIB)
  })

  test(
    'of more lines than the memory holds ends the run before the memory does',
    { timeout: 600_000 },
    async () => {
      await writeRepeated(
        assignmentPath(root, 'many.ndjson.gz'),
        manyLines(at => pod(`p-${at}`, '10.9.9.9', 'use2-az1')),
        1,
      )
      await writeRepeated(objectPath(root, 'a'), [[`${HEADER}\n${record()}\n`, 1]])
      const { status, stderr, peak } = await start('--threads=1', '--max-memory=150MiB')
      expect(stderr).toMatch(
        /^error: the memory is used up: of 150 MiB \(--max-memory\) .* are held, with [\d,]+ lines of the assignment log/,
      )
      expect(status).toBe(1)
      expect(peak).toBeLessThan(300 * MIB)
      const heap = await measured('start', [...OPTIONS, '--threads=1'], {
        cwd: root,
        flags: ['--max-old-space-size=100'],
      })
      expect(heap.stderr).toMatch(
        /^error: the memory for JavaScript objects is used up: .* with [\d,]+ lines of the assignment log.*--max-old-space-size=/,
      )
      expect(heap.status).toBe(1)
    },
  )

  test('may have labels of a megabyte, which are in the rows whole', { timeout: 240_000 }, async () => {
    const label = 'é'.repeat(900_000)
    const lines = Array.from({ length: 40 }, (_, at) =>
      pod(`p-${at}`, `10.1.0.${at}`, 'use2-az1', { labels: { app: `${at}${label}` } }),
    )
    await writeRepeated(
      assignmentPath(root, 'labels.ndjson.gz'),
      lines.map(line => [`${line}\n`, 1]),
    )
    const sent = lines.map((_, at) => record({ from: `10.1.0.${at}` }))
    await writeRepeated(objectPath(root, 'a'), [[`${HEADER}\n${sent.join('\n')}\n`, 1]])
    const { status, stderr, peak } = await start('--threads=1')
    expect([status, stderr]).toEqual([0, ''])
    expect((await ledger()).rows).toBe(40)
    expect(peak).toBeLessThan(GIB)
  })

  test('with a line of 100 MiB is refused by file and line, and not held', { timeout: 240_000 }, async () => {
    const path = assignmentPath(root, 'long.ndjson.gz')
    await writeRepeated(path, [
      [`${ASSIGNMENTS[0]!}\n{"kind":"pod","uid":"`, 1],
      [X, 7],
      ['"}\n', 1],
    ])
    await writeRepeated(objectPath(root, 'a'), [[`${HEADER}\n${record()}\n`, 1]])
    const { status, stderr, peak } = await start()
    expect(status).toBe(1)
    expect(stderr).toContain(`${path} has a line 2 that is longer than 1048576 characters`)
    expect(peak).toBeLessThan(USUAL)
  })
})

describe('a ledger of 1 GiB', () => {
  beforeEach(async () => {
    await mkdir(join(root, 'rollups', PARTITION), { recursive: true })
    await writeFile(join(root, 'rollups', PARTITION, 'rollup.parquet'), 'PAR1')
    await appendFile(ledgerPath(), '{"version":1,"cluster":"')
    await truncate(ledgerPath(), GIB)
    await writeRepeated(objectPath(root, 'a'), [[`${HEADER}\n${record()}\n`, 1]])
  })

  test('is no complete hour to --due, which makes it anew', async () => {
    const { status, stderr, peak } = await start('--due')
    expect([status, stderr]).toEqual([0, ''])
    expect((await ledger()).read.records).toBe(1)
    expect(peak).toBeLessThan(USUAL)
  })

  test('is none to merge, which replaces it', async () => {
    expect((await start('--shard=0/1')).status).toBe(0)
    const merging = OPTIONS.filter(option => !option.startsWith('--logs'))
    const { status, stderr, peak } = await measured('merge', merging, { cwd: root })
    expect([status, stderr]).toEqual([0, ''])
    expect((await ledger()).read.records).toBe(1)
    expect(peak).toBeLessThan(USUAL)
  })

  test('is refused by query, by name', async () => {
    const { status, stderr, peak } = await measured('query', ['--rollups=rollups', 'top'], {
      cwd: root,
    })
    expect(status).toBe(1)
    expect(stderr).toContain("_ledger.json can't be used: it has 1073741824 bytes, more than any ledger")
    expect(peak).toBeLessThan(2 * USUAL)
  })
})
