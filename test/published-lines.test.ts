// Published flow-log lines, read as their own documentation says. Where a format lacks what Zonetoll needs it is refused
// with the missing fields named; made complete by constant columns in front, its lines are read all the same.
//
// Sources: golden/flow-log-lines/SOURCES.md.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { FlowLogReader, FormatError } from '@zonetoll/flowlog'
import { describe, expect, test } from 'vitest'
import { readRecords, type ReadRecord } from './support/read-records.ts'
import { realHour } from './support/real-hour.ts'
import { makeScanner, SCANNERS } from './support/scanners.ts'
import { plainLines } from './support/plain-lines.ts'

const golden = fileURLToPath(new URL('golden/flow-log-lines/', import.meta.url))
const published = fileURLToPath(new URL('../../shared/data/flow-log-lines/', import.meta.url))
const files = readdirSync(golden).filter(name => name.endsWith('.log'))

function linesOf(name: string): string {
  return readFileSync(`${golden}${name}.log`, 'utf8')
}

/** Each line with columns of one value in front, the header with their names. */
function completed(text: string, columns: Readonly<Record<string, string>>): string {
  const [header, ...lines] = text.split('\n')
  const values = Object.values(columns).join(' ')
  return [
    `${Object.keys(columns).join(' ')} ${header}`,
    ...lines.map(line => (line === '' ? line : `${values} ${line}`)),
  ].join('\n')
}

/** Source, destination, bytes, packets, seconds of start and end. */
function brief({ source, destination, bytes, packets, start, until }: ReadRecord): unknown[] {
  return [source, destination, Number(bytes), Number(packets), start / 1000, until / 1000 - 1]
}

test('twelve files are here, and they are those that were published', () => {
  expect(files).toHaveLength(12)
  if (!existsSync(published)) return
  for (const name of readdirSync(published)) {
    expect(readFileSync(`${golden}${name}`).equals(readFileSync(`${published}${name}`)), name).toBe(true)
  }
})

describe('formats that lack needed fields are refused, each by its missing fields', () => {
  test.each([
    ['aws-docs-v10-encryption-status-newsblog', ['bytes', 'start']],
    ['aws-docs-v2-default', ['flow-direction']],
    ['aws-docs-v3-nat-gateway', ['bytes', 'start', 'flow-direction']],
    ['aws-docs-v3-tcp-flags', ['flow-direction']],
    ['obsrvbl-flowlogs-reader-v3', ['flow-direction']],
    ['obsrvbl-flowlogs-reader-v4', ['flow-direction']],
    ['otel-collector-contrib-valid_vpc_flow_log', ['flow-direction']],
    ['otel-collector-contrib-valid_vpc_flow_log_ecs', ['flow-direction']],
    ['otel-collector-contrib-valid_vpc_flow_log_multi', ['flow-direction']],
    ['otel-collector-contrib-vpc_flow_log_too_few_fields', ['flow-direction']],
    ['vector-vrl-v7', ['bytes', 'flow-direction']],
  ])('%s: %j', (name, missing) => {
    const refusal = (() => {
      try {
        readRecords(linesOf(name))
      } catch (error) {
        return error
      }
      return null
    })()
    expect(refusal).toBeInstanceOf(FormatError)
    const message = refusal instanceof Error ? refusal.message : ''
    expect(message).toContain(`lacks the field${missing.length > 1 ? 's' : ''} ${missing.join(', ')}.`)
    expect(message).toContain('--log-format')
  })
})

describe('lines of complete formats say what their documentation says', () => {
  test('v5: a response of S3 to an instance is ingress, the request egress; the pkt addresses name the ends', () => {
    const { records, counts, interfaceAddresses } = readRecords(
      linesOf('aws-docs-v5-s3-service-path-direction'),
    )
    expect(counts).toEqual({ lines: 2, malformed: 0, skipData: 0, noData: 0 })
    expect(interfaceAddresses).toBe(false)
    expect(records.map(brief)).toEqual([
      ['52.95.128.179', '10.0.0.71', 15044, 14, 1616729292, 1616729349],
      ['10.0.0.71', '52.95.128.179', 471, 7, 1616729292, 1616729349],
    ])
    expect(records.map(record => record.ingress)).toEqual([true, false])
    expect(records.every(record => !record.rejected)).toBe(true)
    expect(records[1]).toMatchObject({
      instance: 'i-0c50d5961bcb2d47b',
      interface: 'eni-1235b8ca123456789',
      zone: 'apse2-az3',
    })
  })

  test('v2: accepted and rejected traffic, no data, skipped records, a rejected ping reply, IPv6', () => {
    const { records, counts, interfaceAddresses } = readRecords(
      completed(linesOf('aws-docs-v2-default'), { 'flow-direction': 'egress' }),
    )
    expect(counts).toEqual({ lines: 7, malformed: 0, skipData: 1, noData: 1 })
    expect(interfaceAddresses).toBe(true)
    expect(records.map(record => brief(record).concat(record.rejected))).toEqual([
      ['172.31.16.139', '172.31.16.21', 4249, 20, 1418530010, 1418530070, false],
      ['172.31.9.69', '172.31.9.12', 4249, 20, 1418530010, 1418530070, true],
      ['203.0.113.12', '172.31.16.139', 336, 4, 1432917027, 1432917142, false],
      ['172.31.16.139', '203.0.113.12', 336, 4, 1432917094, 1432917142, true],
      [
        '2001:db8:1234:a100:8d6e:3477:df66:f105',
        '2001:db8:1234:a102:3304:8879:34cf:4071',
        8855,
        54,
        1477913708,
        1477913820,
        false,
      ],
    ])
  })

  test('v3 TCP flags: seven records; the eighth, printed with a doubled space, has one field too many and is malformed', () => {
    const { records, counts } = readRecords(
      completed(linesOf('aws-docs-v3-tcp-flags'), { 'flow-direction': 'egress' }),
    )
    expect(counts).toEqual({ lines: 8, malformed: 1, skipData: 0, noData: 0 })
    expect(records.map(record => Number(record.bytes))).toEqual([
      568, 376, 100701, 632, 63388, 23294588, 1260,
    ])
    expect(brief(records[5]!)).toEqual([
      '52.213.180.42',
      '10.0.0.62',
      23294588,
      15774,
      1566848933,
      1566849113,
    ])
  })

  test('v3 NAT gateway: the copy at the gateway is relayed, the record at the instance is its own', () => {
    const hour = 1_714_557_600
    const text = completed(linesOf('aws-docs-v3-nat-gateway'), {
      bytes: '100',
      start: String(hour),
      'flow-direction': 'egress',
    })
    const seen = { from: '2024-05-01T00:00:00Z', until: null, seen: '2024-05-01T10:30:00Z', zone: 'use2-az1' }
    const assignments = [
      {
        kind: 'node',
        uid: 'n',
        name: 'worker',
        addresses: ['10.0.1.5'],
        instance: 'i-01234567890123456',
        ...seen,
      },
      {
        kind: 'interface',
        uid: 'eni-1235b8ca123456789',
        name: 'gateway',
        addresses: ['10.0.0.220'],
        ...seen,
      },
    ].map(line => JSON.stringify(line))
    const { accounts } = realHour({
      objects: [{ flowLog: 0, text }],
      assignments,
      hour,
      allPairs: false,
      appLabels: [],
    })
    // 10.0.1.5 at the gateway; the gateway and the instance themselves to 203.0.113.5; three times 203.0.113.5 back.
    expect(accounts.relayed.records).toBe(1n)
    expect(accounts.unknownDestination.records).toBe(2n)
    expect(accounts.unknownSource.records).toBe(3n)
  })

  test('v10 encryption status: four requests come in, four answers go out', () => {
    const { records, counts } = readRecords(
      completed(linesOf('aws-docs-v10-encryption-status-newsblog'), { bytes: '7', start: '1763683200' }),
    )
    expect(counts).toEqual({ lines: 8, malformed: 0, skipData: 0, noData: 0 })
    expect(records.map(record => record.ingress)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
    ])
    expect(records[1]).toMatchObject({ source: '10.0.128.55', destination: '10.0.133.8', bytes: 7n })
  })

  test.each(['obsrvbl-flowlogs-reader-v3', 'obsrvbl-flowlogs-reader-v4'])(
    '%s: alphabetical columns, no log-status, the pod behind the interface address',
    name => {
      const { records, counts, interfaceAddresses } = readRecords(
        completed(linesOf(name), { 'flow-direction': 'egress' }),
      )
      expect(counts).toEqual({ lines: 2, malformed: 0, skipData: 0, noData: 0 })
      expect(interfaceAddresses).toBe(false)
      expect(records.map(brief)).toEqual([
        ['192.168.0.1', '172.18.160.93', 6392, 10, 1568300367, 1568300425],
        ['172.18.160.9', '192.168.0.1', 1698, 10, 1568300367, 1568300425],
      ])
      expect(records[0]!.instance).toBe('i-06f9249b')
      expect(records[0]!.zone).toBe(name.endsWith('v4') ? 'use1-az4' : null)
    },
  )

  test('collector, valid: an interface without traffic is no data', () => {
    const { records, counts } = readRecords(
      completed(linesOf('otel-collector-contrib-valid_vpc_flow_log'), { 'flow-direction': '-' }),
    )
    expect(records).toEqual([])
    expect(counts).toEqual({ lines: 1, malformed: 0, skipData: 0, noData: 1 })
  })

  test('collector, several: both lines, the last of which has no line feed', () => {
    const { records, counts } = readRecords(
      completed(linesOf('otel-collector-contrib-valid_vpc_flow_log_multi'), { 'flow-direction': 'egress' }),
    )
    expect(counts.lines).toBe(2)
    expect(records.map(record => [record.destination, record.rejected])).toEqual([
      ['172.31.16.21', false],
      ['172.31.9.12', true],
    ])
  })

  test('collector, too few fields: malformed', () => {
    const { counts } = readRecords(
      completed(linesOf('otel-collector-contrib-vpc_flow_log_too_few_fields'), { 'flow-direction': '-' }),
    )
    expect(counts).toEqual({ lines: 1, malformed: 1, skipData: 0, noData: 0 })
  })

  test('collector, ECS: the ten ECS fields are passed over', () => {
    const { records, counts } = readRecords(
      completed(linesOf('otel-collector-contrib-valid_vpc_flow_log_ecs'), { 'flow-direction': 'egress' }),
    )
    expect(counts).toEqual({ lines: 1, malformed: 0, skipData: 0, noData: 0 })
    expect(brief(records[0]!)).toEqual(['10.0.1.100', '10.0.2.200', 3500, 15, 1700000000, 1700000060])
  })

  test('Vector v7: a line of ECS fields with `-` among them', () => {
    const { records, counts } = readRecords(
      completed(linesOf('vector-vrl-v7'), { 'flow-direction': 'egress', bytes: '5' }),
    )
    expect(counts).toEqual({ lines: 1, malformed: 0, skipData: 0, noData: 0 })
    expect(brief(records[0]!)).toEqual(['10.0.0.71', '52.95.128.179', 5, 0, 1616729292, 1616729349])
  })
})

test.each(files)('%s, made complete, is read as by the plain twin, cut at every byte', name => {
  const written = readFileSync(`${golden}${name}`, 'utf8')
  const columns = written.split('\n')[0]!.split(' ')
  const text = completed(written, {
    'x-constant': '-',
    ...(columns.includes('flow-direction') ? {} : { 'flow-direction': 'egress' }),
    ...(columns.includes('bytes') ? {} : { bytes: '5' }),
    ...(columns.includes('start') ? {} : { start: '1700000000' }),
  })
  const expected = plainLines(text).map(line => line.kind)
  const bytes = new TextEncoder().encode(text)
  for (const scanner of SCANNERS.map(each => makeScanner(each)))
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = new FlowLogReader(scanner)
      let records = 0
      const sink = (batch: { readonly count: number }): void => {
        records += batch.count
      }
      reader.push(bytes.subarray(0, cut), sink)
      reader.push(bytes.subarray(cut), sink)
      const counts = reader.end(sink)
      expect([records, counts.malformed, counts.skipData, counts.noData]).toEqual(
        ['record', 'malformed', 'skipData', 'noData'].map(
          kind => expected.filter(each => each === kind).length,
        ),
      )
    }
})
