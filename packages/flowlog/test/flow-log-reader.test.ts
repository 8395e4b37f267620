import { describe, expect, test } from 'vitest'
import { FlowLogReader, FormatError, MAX_LINE_BYTES, parseFormat } from '@zonetoll/flowlog'
import { plainAddress } from '../../../test/support/plain-address.ts'
import { plainLines, type PlainLine } from '../../../test/support/plain-lines.ts'
import { randomHour } from '../../../test/support/random-hour.ts'
import { readRecords, type ReadFlowLog } from '../../../test/support/read-records.ts'
import { makeScanner, SCANNERS, type ScannerName } from '../../../test/support/scanners.ts'
import { Seeded } from '../../../test/support/seeded.ts'

const HEADER = 'pkt-srcaddr pkt-dstaddr flow-direction bytes start end log-status'
const ONE = '10.0.0.1 10.0.0.2 egress 100 1714557600 1714557630 OK'
const TWO = '10.0.0.2 2600:1f16::5 ingress 9007199254740993 1714557601 1714557631 OK'

const encoder = new TextEncoder()

/** What the plain twin reads of a text, in the shape of what the reader hands over. */
function plainRead(text: string): Pick<ReadFlowLog, 'counts' | 'records'> {
  const lines = plainLines(text)
  const count = (kind: PlainLine['kind']): number => lines.filter(line => line.kind === kind).length
  return {
    counts: {
      lines: lines.length,
      malformed: count('malformed'),
      skipData: count('skipData'),
      noData: count('noData'),
    },
    records: lines
      .filter(line => line.kind === 'record')
      .map(({ field, bytes, packets, window, source, destination }) => {
        const token = (name: string): string | null =>
          field(name) === '-' || field(name) === '' ? null : field(name)
        const sent = field('flow-direction') !== 'ingress' && field('action') !== 'REJECT'
        const type = field('interface-type')
        return {
          source,
          destination,
          bytes,
          packets,
          start: window?.start ?? Number.NaN,
          until: window?.until ?? Number.NaN,
          ingress: field('flow-direction') === 'ingress',
          rejected: field('action') === 'REJECT',
          middle: type === null ? null : type !== '-',
          instance: sent ? token('instance-id') : null,
          interface: token('interface-id'),
          zone: sent ? token('az-id') : null,
        }
      }),
  }
}

/** The same with addresses as the plain twin writes them. */
function asPlain({ counts, records }: ReadFlowLog): Pick<ReadFlowLog, 'counts' | 'records'> {
  return {
    counts,
    records: records.map(record => ({
      ...record,
      source: record.source === null ? null : plainAddress(record.source),
      destination: record.destination === null ? null : plainAddress(record.destination),
    })),
  }
}

function countsOf(text: string, scanner: ScannerName): unknown {
  const { counts, records } = readRecords(text, { scanner })
  return { ...counts, records: records.length }
}

describe.each(SCANNERS)('a reader with the %s scanner', scanner => {
  test('hands over what the plain twin reads, on 2,000 random objects cut anywhere, in batches of any size', () => {
    let records = 0
    let headers = 0
    for (let seed = 1; seed <= 2000; seed++) {
      const random = new Seeded(5_000_000 + seed)
      const { text } = randomHour(random).objects[0]!
      const bytes = encoder.encode(text)
      const cuts = random.list(random.int(6), () => random.int(bytes.length + 1)).sort((a, b) => a - b)
      const chunks = [0, ...cuts].map((from, at) => bytes.subarray(from, cuts[at] ?? bytes.length))
      const read = readRecords(chunks, { capacity: random.pick([1, 2, 3, 4096]), scanner })
      expect(asPlain(read), `seed ${seed}`).toEqual(plainRead(text))
      records += read.records.length
      headers += text.split('\n').length - (text.endsWith('\n') ? 1 : 0) - read.counts.lines - 1
    }
    expect(records).toBeGreaterThan(5000)
    expect(headers).toBeGreaterThan(100)
  })

  test.each([
    ['a plain object', `${HEADER}\n${ONE}\n${TWO}\n`],
    ['one without a last line feed', `${HEADER}\n${ONE}\n${TWO}`],
    ['one with a header alone', HEADER],
    ['CR LF', `${HEADER}\r\n${ONE}\r\n${TWO}\r\n`],
    ['CR LF but for the last', `${HEADER}\r\n${ONE}\r\n${TWO}\r`],
    ['blank lines', `${HEADER}\n\n${ONE}\n\n\r\n${TWO}\n\n`],
    ['doubled and trailing spaces', `${HEADER}\n${ONE.replace(' ', '  ')}\n${TWO} \n ${ONE}\n`],
    [
      'a header in the middle',
      `${HEADER}\n${ONE}\n${HEADER}\n${TWO}\n${HEADER}\n${HEADER}\n${ONE}\n${HEADER}`,
    ],
    [
      'another header in the middle',
      `${HEADER}\n${ONE}\nbytes start flow-direction srcaddr dstaddr\n7 1714557600 egress 10.0.0.9 10.0.0.8\n${ONE}\n`,
    ],
    [
      'another header with as many columns',
      `${HEADER}\n${ONE}\nlog-status end start bytes flow-direction pkt-dstaddr pkt-srcaddr\nOK 5 4 3 egress ::2 ::1\n`,
    ],
    ['SKIPDATA and NODATA', `${HEADER}\n- - - - 1 2 SKIPDATA\n- - - - 1 2 NODATA\n${ONE}\n`],
    ['other statuses', `${HEADER}\n${ONE.replace('OK', 'ok')}\n- - - - x - MAYBE\n${TWO.replace('OK', '-')}`],
    ['bytes that aren’t text', `${HEADER}\n\0\0 ${ONE}\n${ONE.replace('egress', 'é')}\n`],
  ])('cut at every byte, and in single bytes, reads %s as in one piece', (_what, text) => {
    const bytes = encoder.encode(text)
    const expected = plainRead(text)
    for (const capacity of [1, 2, 3, 4096]) {
      expect(asPlain(readRecords([bytes], { capacity, scanner }))).toEqual(expected)
      expect(
        asPlain(
          readRecords(
            [...bytes].map(byte => Uint8Array.of(byte)),
            { capacity, scanner },
          ),
        ),
      ).toEqual(expected)
      for (let cut = 0; cut <= bytes.length; cut++) {
        const chunks = [bytes.subarray(0, cut), new Uint8Array(0), bytes.subarray(cut)]
        expect(asPlain(readRecords(chunks, { capacity, scanner })), `cut at ${cut}`).toEqual(expected)
      }
    }
  })
})

describe.each(SCANNERS)('a header line that stands again, by the %s scanner,', scanner => {
  test('isn’t a line, with log-status among its columns', () => {
    expect(countsOf(`${HEADER}\n${ONE}\n${HEADER}\n${TWO}\n`, scanner)).toMatchObject({
      lines: 2,
      records: 2,
      malformed: 0,
    })
  })

  test('isn’t a line, without log-status among its columns', () => {
    const header = HEADER.replace(' log-status', '')
    const one = ONE.replace(' OK', '')
    expect(countsOf(`${header}\n${one}\n${header}\n${one}\n`, scanner)).toMatchObject({
      lines: 2,
      records: 2,
      malformed: 0,
    })
  })

  test('isn’t a line wherever it stands, and is one where it is too long', () => {
    const many = `${ONE}\n`.repeat(3600)
    expect(countsOf(`${HEADER}\n${many}${HEADER}\n${ONE}\n`, scanner)).toMatchObject({
      lines: 3601,
      malformed: 0,
    })
    const long = `${HEADER} ${'x'.repeat(MAX_LINE_BYTES)}`
    expect(countsOf(`${HEADER}\n${ONE}\n${long}\n${ONE}\n`, scanner)).toMatchObject({
      lines: 3,
      malformed: 1,
    })
  })

  test('leaves it unsaid that addresses are interfaces’ where all formats have the packet addresses', () => {
    expect(readRecords(`${HEADER}\n${ONE}\n${HEADER}\n`, { scanner }).interfaceAddresses).toBe(false)
  })

  test('with other columns is the format of the lines behind it, also without the packet addresses', () => {
    const { records, interfaceAddresses } = readRecords(
      `${HEADER}\n${ONE}\nbytes start flow-direction srcaddr dstaddr x\n7 1714557600 egress 10.0.0.9 10.0.0.8 -\n`,
      { scanner },
    )
    expect(records.map(({ source, bytes }) => [source, bytes])).toEqual([
      ['10.0.0.1', 100n],
      ['10.0.0.9', 7n],
    ])
    expect(interfaceAddresses).toBe(true)
  })

  test('of a transit gateway refuses the object', () => {
    expect(() => readRecords(`${HEADER}\n${ONE}\n${HEADER} tgw-id\n`, { scanner })).toThrow(FormatError)
  })
})

describe.each(SCANNERS)('a line, by the %s scanner,', scanner => {
  const tail = '10.0.0.2 egress 100 1714557600 1714557630 OK'
  // The line is as long as asked for, all of it in a field that isn't read.
  const wide = (length: number): string => {
    const line = `${tail} 10.0.0.1 `
    return line + 'x'.repeat(length - line.length)
  }
  const header = 'pkt-dstaddr flow-direction bytes start end log-status pkt-srcaddr x'

  test.each([
    [MAX_LINE_BYTES - 1, 3],
    [MAX_LINE_BYTES, 3],
    [MAX_LINE_BYTES + 1, 2],
    [MAX_LINE_BYTES * 3, 2],
    [MAX_LINE_BYTES * 9, 2],
  ])('of %d bytes among two short ones makes %d records, however it is cut', (length, records) => {
    const short = wide(100)
    for (const end of ['\n', '']) {
      const bytes = encoder.encode(`${header}\n${short}\n${short}\n${wide(length)}${end}`)
      const expected = { lines: 3, malformed: 3 - records, skipData: 0, noData: 0 }
      expect(readRecords([bytes], { scanner }).counts).toEqual(expected)
      for (const size of [1000, 65_535, 65_536, 65_537, 300_000]) {
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        )
        expect(readRecords(chunks, { capacity: 2, scanner }).counts, `chunks of ${size}`).toEqual(expected)
      }
    }
  })

  test('after one that is too long is read', () => {
    const text = `${header}\n${'y'.repeat(MAX_LINE_BYTES * 2)}\n${wide(100)}\n`
    for (const cut of [10, 70_000, 140_000, text.length - 50]) {
      const bytes = encoder.encode(text)
      expect(readRecords([bytes.subarray(0, cut), bytes.subarray(cut)], { scanner }).counts).toMatchObject({
        lines: 2,
        malformed: 1,
      })
    }
  })

  test('that is blank, or has a doubled space, is malformed', () => {
    expect(countsOf(`${HEADER}\n\n${ONE.replace(' ', '  ')}\n`, scanner)).toMatchObject({
      lines: 2,
      malformed: 2,
    })
  })

  test.each([
    ['too few fields', ONE.slice(0, ONE.lastIndexOf(' '))],
    ['too many fields', `${ONE} x`],
    ['too few fields and SKIPDATA', '- - - - 1 SKIPDATA'],
    ['bytes below 0', ONE.replace(' 100 ', ' -1 ')],
    ['bytes above 2^63 - 1', ONE.replace(' 100 ', ' 9223372036854775808 ')],
    ['an unreadable start', ONE.replace('1714557600', '-')],
    ['no direction', ONE.replace('egress', '-')],
    ['an unreadable source', ONE.replace('10.0.0.1', '-')],
    ['an unreadable destination', ONE.replace('10.0.0.2', '10.0.0.02')],
  ])('with %s is malformed', (_what, line) => {
    expect(countsOf(`${HEADER}\n${line}\n`, scanner)).toEqual({
      lines: 1,
      malformed: 1,
      skipData: 0,
      noData: 0,
      records: 0,
    })
  })

  test.each([
    ['SKIPDATA with values', ONE.replace('OK', 'SKIPDATA'), { skipData: 1 }],
    ['NODATA with values', ONE.replace('OK', 'NODATA'), { noData: 1 }],
    ['SKIPDATA with unreadable values', 'a b c d e f SKIPDATA', { skipData: 1 }],
    ['OK without bytes', '- - - - 1714557600 1714557630 OK', { records: 1 }],
    ['an unreadable end', ONE.replace('1714557630', '-'), { records: 1 }],
  ])('with %s is counted as such', (_what, line, counts) => {
    expect(countsOf(`${HEADER}\n${line}\n`, scanner)).toMatchObject({ lines: 1, malformed: 0, ...counts })
  })

  test('whose bytes are `-` in a format without log-status is no data', () => {
    expect(
      countsOf('pkt-srcaddr pkt-dstaddr flow-direction bytes start\n- - - - 5\n', scanner),
    ).toMatchObject({
      noData: 1,
    })
  })
})

describe.each(SCANNERS)('a record’s window, by the %s scanner,', scanner => {
  const windowOf = (line: string, header = HEADER): unknown => {
    const { start, until } = readRecords(`${header}\n${line}\n`, { scanner }).records[0]!
    return [start - 1714557600_000, until - 1714557600_000]
  }

  test('ends a second after its end', () => {
    expect(windowOf(ONE)).toEqual([0, 31_000])
  })

  test.each(['-', '1714557599', 'x', '9223372036854775808', ''])(
    'ends with its start where end is %j',
    end => {
      expect(windowOf(ONE.replace('1714557630', end))).toEqual([0, 1000])
    },
  )

  test('is its start alone in a format without end', () => {
    expect(windowOf(ONE.replace(' 1714557630', ''), HEADER.replace(' end', ''))).toEqual([0, 1])
  })
})

describe.each(SCANNERS)('an object, by the %s scanner,', scanner => {
  test('of no bytes is refused', () => {
    expect(() => readRecords('', { scanner })).toThrow(/is empty/)
  })

  test('of a blank line is refused as one without a header', () => {
    expect(() => readRecords('\n', { scanner })).toThrow(/has no header line/)
  })

  test('whose first line is too long is refused without its bytes being kept, however it is cut', () => {
    const bytes = encoder.encode('x'.repeat(MAX_LINE_BYTES + 1))
    expect(() => readRecords([bytes], { scanner })).toThrow(/longer than 65536 bytes/)
    expect(() =>
      readRecords(
        Array.from({ length: 70 }, () => bytes.subarray(0, 1000)),
        { scanner },
      ),
    ).toThrow(/longer than 65536 bytes/)
    expect(() => readRecords(`${HEADER} ${'x'.repeat(MAX_LINE_BYTES)}\n${ONE} x\n`, { scanner })).toThrow(
      /longer than 65536 bytes/,
    )
  })

  test('that is refused leaves the scanner clean for the next', () => {
    const shared = makeScanner(scanner, undefined, 4)
    const bad = new FlowLogReader(shared)
    const text = `${HEADER}\n${ONE}\n- - - - 1 2 SKIPDATA\n${ONE}\n${HEADER.replace('bytes', 'x')} tgw-id bytes\n`
    let records = 0
    const sink = (batch: { readonly count: number }): void => {
      records += batch.count
    }
    expect(() => bad.push(encoder.encode(text), sink)).toThrow(FormatError)
    records = 0
    const good = new FlowLogReader(shared)
    good.push(encoder.encode(`${HEADER}\n${ONE}\n`), sink)
    expect(good.end(sink)).toEqual({ lines: 1, malformed: 0, skipData: 0, noData: 0 })
    expect(records).toBe(1)
  })

  test('read turn by turn with others on one scanner is read as alone', () => {
    const shared = makeScanner(scanner, undefined, 3)
    const texts = [
      `${HEADER}\n${ONE}\n${TWO}\n${ONE}`,
      `bytes start flow-direction srcaddr dstaddr\n7 1714557600 egress 10.0.0.9 10.0.0.8\n\n8 1 egress ::1 ::2\n`,
    ].map(text => encoder.encode(text))
    const read = texts.map(() => ({ bytes: 0n }))
    const readers = texts.map(() => new FlowLogReader(shared))
    const sinkOf = (at: number) => (batch: { readonly count: number; readonly bytes: BigUint64Array }) => {
      for (let row = 0; row < batch.count; row++) read[at]!.bytes += batch.bytes[row]!
    }
    for (let from = 0; from < 300; from += 7) {
      for (const [at, reader] of readers.entries())
        reader.push(texts[at]!.subarray(from, from + 7), sinkOf(at))
    }
    const counts = readers.map((reader, at) => reader.end(sinkOf(at)))
    expect(counts.map(({ lines, malformed }) => [lines, malformed])).toEqual([
      [3, 0],
      [3, 1],
    ])
    expect(read.map(({ bytes }) => bytes)).toEqual([200n + 9007199254740993n, 15n])
  })
})

describe.each(SCANNERS)('the %s scanner', name => {
  test('stops where its batch is full and goes on from there', () => {
    const scanner = makeScanner(name, undefined, 2)
    const text = encoder.encode(`${ONE}\n`.repeat(5))
    scanner.text.set(text)
    scanner.use(parseFormat(HEADER))
    scanner.load(text.length)
    const stops: number[] = []
    for (let at = 0; at < text.length;) {
      at = scanner.scan(at)
      stops.push(at / (ONE.length + 1), scanner.batch.count)
      scanner.batch.count = 0
    }
    expect(stops).toEqual([2, 2, 4, 2, 5, 1])
  })

  test('stops at a line that is malformed', () => {
    const scanner = makeScanner(name)
    const text = encoder.encode(`${ONE}\nx\n${ONE}\n`)
    scanner.text.set(text)
    scanner.use(parseFormat(HEADER))
    scanner.load(text.length)
    expect(scanner.scan(0)).toBe(ONE.length + 1)
  })
})
