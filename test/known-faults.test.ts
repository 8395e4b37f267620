// The known faults of the older solution (aws-samples/amazon-eks-inter-az-traffic-visibility), each as a test of ours.

import { expect, test } from 'vitest'
import { realHour, textOfHour } from './support/real-hour.ts'
import type { PlainHour, PlainInput } from './support/plain-hour.ts'

const HOUR = Date.parse('2024-05-01T10:00:00Z') / 1000
const HEADER =
  'interface-id instance-id az-id pkt-srcaddr pkt-dstaddr flow-direction packets bytes start end action log-status'

interface Sent {
  readonly from?: string
  readonly to?: string
  readonly bytes: number
  /** Seconds from the hour's begin. */
  readonly start?: number
  readonly direction?: string
  readonly action?: string
  readonly instance?: string
  readonly zone?: string
}

function line(sent: Sent): string {
  const start = HOUR + (sent.start ?? 600)
  return [
    'eni-1',
    sent.instance ?? '-',
    sent.zone ?? 'use2-az1',
    sent.from ?? '10.0.0.1',
    sent.to ?? '10.0.64.1',
    sent.direction ?? 'egress',
    '1',
    sent.bytes,
    start,
    start + 30,
    sent.action ?? 'ACCEPT',
    'OK',
  ].join(' ')
}

function pod(
  name: string,
  address: string,
  zone: string,
  held: { from?: string; until?: string } = {},
): string {
  return JSON.stringify({
    kind: 'pod',
    uid: name,
    name,
    namespace: 'shop',
    workload: `Deployment/${name}`,
    labels: { app: name },
    node: 'node',
    addresses: [address],
    zone,
    from: held.from ?? '2024-05-01T00:00:00Z',
    until: held.until ?? null,
    seen: held.until ?? '2024-05-01T10:59:00Z',
  })
}

const CLIENT = pod('client', '10.0.0.1', 'use2-az1')
const SERVER = pod('server', '10.0.64.1', 'use2-az2')

function inputOf(
  records: readonly Sent[],
  assignments: readonly string[] = [CLIENT, SERVER],
  hour = HOUR,
): PlainInput {
  const text = `${[HEADER, ...records.map(line)].join('\n')}\n`
  return { objects: [{ flowLog: 0, text }], assignments, hour, allPairs: false, appLabels: ['app'] }
}

/** Source name, destination name and bytes of each row. */
function rowsOf({ rows }: PlainHour): unknown[] {
  return rows.map(({ source, destination, bytes }) => [source[2], destination[2], Number(bytes)])
}

test('the last ten minutes of the hour are not lost: every second of it counts, and none of the next hour', () => {
  const starts = Array.from({ length: 3600 + 120 }, (_, second) => second - 60)
  const sent = starts.map(start => ({ bytes: 1, start }))
  const hour = realHour(inputOf(sent))
  expect(rowsOf(hour)).toEqual([['client', 'server', 3600]])
  expect(hour.accounts.otherHour.records).toBe(120n)
  // The record of 10:59:59 ends in the next hour and is in this one alone.
  const last = [{ bytes: 5, start: 3599 }]
  expect(rowsOf(realHour(inputOf(last)))).toEqual([['client', 'server', 5]])
  expect(rowsOf(realHour(inputOf(last, [CLIENT, SERVER], HOUR + 3600)))).toEqual([])
})

test('a re-run does not append: the same input gives the same rows and ledger, in whatever order and pieces it comes', () => {
  const records = [{ bytes: 1 }, { bytes: 2, from: '10.0.64.1', to: '10.0.0.1' }, { bytes: 4, to: '8.8.8.8' }]
  const one = inputOf(records)
  const first = textOfHour(one)
  expect(textOfHour(one)).toBe(first)
  const others: PlainInput = {
    ...one,
    objects: records.map(record => ({ flowLog: 0, text: `${HEADER}\n${line(record)}\n` })).toReversed(),
    assignments: one.assignments.toReversed(),
  }
  expect(textOfHour(others)).toBe(first)
  expect(textOfHour(others, { parts: 3, capacity: 1 })).toBe(first)
})

test('a receiver that never sends is not dropped: its zone is known without a record of its own', () => {
  const sink = pod('sink', '10.0.128.9', 'use2-az3')
  const hour = realHour(inputOf([{ bytes: 7, to: '10.0.128.9' }], [CLIENT, sink]))
  expect(rowsOf(hour)).toEqual([['client', 'sink', 7]])
  expect(hour.zones.map(({ source, destination }) => [source, destination])).toEqual([
    ['use2-az1', 'use2-az3'],
  ])
})

test('an address that several pods share does not multiply bytes: each record goes to the one that held it', () => {
  const shared = [
    pod('first', '10.0.64.1', 'use2-az2', { until: '2024-05-01T10:20:00Z' }),
    pod('second', '10.0.64.1', 'use2-az2', { from: '2024-05-01T10:20:30Z', until: '2024-05-01T10:40:00Z' }),
    // Seen by the recorder before the second's end was: an overlap.
    pod('third', '10.0.64.1', 'use2-az3', { from: '2024-05-01T10:39:00Z' }),
  ]
  const records = [
    { bytes: 1, start: 600 },
    { bytes: 10, start: 1800 },
    { bytes: 100, start: 2400 },
  ]
  const hour = realHour(inputOf(records, [CLIENT, ...shared]))
  expect(rowsOf(hour)).toEqual([
    ['client', 'first', 1],
    ['client', 'second', 10],
    ['client', 'third', 100],
  ])
  expect(hour.accounts.crossZone.bytes).toBe(111n)
  expect(hour.cutAssignments).toBe(1)
})

test('relayed copies do not count: what another interface logs again, with the same pkt pair, is put aside', () => {
  const own = { ...(JSON.parse(CLIENT) as Record<string, unknown>), instance: 'i-client' }
  const hour = realHour(
    inputOf(
      [
        { bytes: 9, instance: 'i-client' },
        { bytes: 9, instance: 'i-appliance' },
        { bytes: 9, instance: '-', zone: 'use2-az2' },
      ],
      [JSON.stringify(own), SERVER],
    ),
  )
  expect(rowsOf(hour)).toEqual([['client', 'server', 9]])
  expect(hour.accounts.relayed).toEqual({ records: 2n, bytes: 18n, packets: 2n })
})

test('the receiving side of what was sent does not count a second time', () => {
  const hour = realHour(inputOf([{ bytes: 9 }, { bytes: 9, direction: 'ingress', zone: 'use2-az2' }]))
  expect(rowsOf(hour)).toEqual([['client', 'server', 9]])
  expect(hour.accounts.ingress.bytes).toBe(9n)
})

test('rejected bytes do not count: they never crossed', () => {
  const hour = realHour(inputOf([{ bytes: 3 }, { bytes: 1000, action: 'REJECT' }]))
  expect(rowsOf(hour)).toEqual([['client', 'server', 3]])
  expect(hour.accounts.rejected).toEqual({ records: 1n, bytes: 1000n, packets: 1n })
})

test('a pod that died in the hour does not vanish: what it sent and received before stays its own', () => {
  const job = pod('job', '10.0.64.1', 'use2-az2', {
    from: '2024-05-01T10:05:00Z',
    until: '2024-05-01T10:15:00Z',
  })
  const hour = realHour(
    inputOf(
      [
        { bytes: 1, start: 600 },
        { bytes: 10, start: 600, from: '10.0.64.1', to: '10.0.0.1', zone: 'use2-az2' },
        { bytes: 100, start: 2400 },
      ],
      [CLIENT, job],
    ),
  )
  expect(rowsOf(hour)).toEqual([
    ['client', 'job', 1],
    ['job', 'client', 10],
  ])
  expect(hour.accounts.unknownDestination.bytes).toBe(100n)
  expect(hour.workloads.map(({ workload }) => workload)).toEqual(['Deployment/client', 'Deployment/job'])
})
