// Lines of CloudWatch embedded metric format, held against the specification's JSON schema and CloudWatch's own limits.
// Source: CloudWatch User Guide, Specification: Embedded metric format; CloudWatch API Reference, MetricDatum, Dimension.

import { parseHour, type UnixSeconds, type ZoneId } from '@zonetoll/model'
import { afterEach, expect, test } from 'vitest'
import {
  assignmentFiles,
  HOUR,
  HOUR_TEXT,
  joined,
  logFiles,
  objectKey,
  PARTITION,
  pod,
  record,
  SLOT,
  smallHour,
} from '../../../test/support/data-set.ts'
import { hourMetrics, NAMESPACE, runMetrics } from '../src/metrics.ts'
import { HourFolder } from './in-folder.ts'
import { Desk } from './worker.ts'

const UNITS = new Set(['Bytes', 'Count', 'Percent', 'Seconds'])

type Members = Readonly<Record<string, unknown>>

/** The line's dimensions and values; fails where it isn't valid. */
function metricsOf(line: string): { dimensions: Record<string, string>; values: Record<string, number> } {
  expect(line).not.toContain('\n')
  expect(Buffer.byteLength(line)).toBeLessThan(256 * 1024)
  const root = JSON.parse(line) as Members
  const { _aws } = root as { _aws: Members }
  expect(Object.keys(_aws).sort()).toEqual(['CloudWatchMetrics', 'Timestamp'])
  expect(Number.isSafeInteger(_aws['Timestamp'])).toBe(true)
  const directives = _aws['CloudWatchMetrics'] as Members[]
  expect(directives).toHaveLength(1)
  const [directive] = directives
  expect(Object.keys(directive!).sort()).toEqual(['Dimensions', 'Metrics', 'Namespace'])
  expect(directive!['Namespace']).toMatch(/^[^:].{0,254}$/)
  const sets = directive!['Dimensions'] as string[][]
  expect(sets).toHaveLength(1)
  expect(sets[0]!.length).toBeLessThanOrEqual(30)
  const dimensions: Record<string, string> = {}
  for (const name of sets[0]!) {
    expect(name).toMatch(/^[A-Za-z]{1,250}$/)
    expect(root[name]).toMatch(/^[\x20-\x7e]{1,1024}$/)
    expect(root[name]).toMatch(/^[^:\s]/)
    dimensions[name] = root[name] as string
  }
  const metrics = directive!['Metrics'] as Members[]
  expect(metrics.length).toBeGreaterThan(0)
  expect(metrics.length).toBeLessThanOrEqual(100)
  const values: Record<string, number> = {}
  for (const metric of metrics) {
    expect(Object.keys(metric).sort()).toEqual(['Name', 'Unit'])
    const { Name, Unit } = metric as { Name: string; Unit: string }
    expect(Name).toMatch(/^[A-Za-z]{1,1024}$/)
    expect(UNITS.has(Unit)).toBe(true)
    expect(Name in values).toBe(false)
    expect(typeof root[Name]).toBe('number')
    expect(Math.abs(root[Name] as number)).toBeLessThan(2 ** 360)
    values[Name] = root[Name] as number
  }
  return { dimensions, values }
}

test('an hour says its bytes, its zone pairs, what to be wary of and how long it took', async () => {
  const folder = await HourFolder.make(smallHour())
  const made = await folder.hour('rollups')
  const [whole, ...pairs] = hourMetrics(made, 1.25).map(metricsOf)
  expect(whole).toEqual({
    dimensions: { Cluster: 'shop' },
    values: {
      CrossZoneBytes: 340,
      SameZoneBytes: 5000,
      UnattributedShare: expect.closeTo(((60 + 20) / (340 + 5000 + 60 + 600 + 20)) * 100, 10) as number,
      Records: 11,
      SkipDataRecords: 0,
      EmptySlots: 11,
      ObjectsLeftOut: 0,
      LateObjects: 1,
      Lateness: expect.any(Number) as number,
      RunTime: 1.25,
    },
  })
  expect(pairs).toEqual([
    {
      dimensions: { Cluster: 'shop', SourceZone: 'use2-az1', DestinationZone: 'use2-az2' },
      values: { ZonePairBytes: 300 },
    },
    {
      dimensions: { Cluster: 'shop', SourceZone: 'use2-az1', DestinationZone: 'use2-az3' },
      values: { ZonePairBytes: 40 },
    },
  ])
  expect((JSON.parse(hourMetrics(made, 1)[0]!) as { _aws: Members })._aws['Timestamp']).toBe(HOUR * 1000)
})

test('lateness is the time from the slot to the storing, and what was stored after the settling is late', async () => {
  const folder = await HourFolder.make(
    joined(
      assignmentFiles(),
      logFiles([0, SLOT, 2 * SLOT].map(after => [{ slot: HOUR + after }, [record()]])),
    ),
  )
  const { utimes } = await import('node:fs/promises')
  const stored = [HOUR + 700, HOUR + SLOT + 400, HOUR + 3600 + 20 * 60 + 1]
  for (const [at, seconds] of stored.entries()) {
    await utimes(`${folder.root}/logs/${objectKey({ slot: HOUR + at * SLOT })}`, seconds, seconds)
  }
  expect((await folder.hour('rollups')).lateness).toEqual({ greatest: 4801 - 600, lateObjects: 1 })
})

test.each([
  ['a line feed and an escape', 'use2\n\u001b[31m'],
  ['none of ASCII', 'zöne-Ω𝄞'],
  ['a colon in front', ':zone'],
  ['spaces alone', '   '],
  ['quotes and braces', '"}],{"_aws":{}}'],
  ['two thousand characters', 'z'.repeat(2000)],
])('a zone whose name is %s is a value of a dimension and nothing else', async (_what, name) => {
  const lines = [pod('a', '10.0.0.1', name), pod('b', '10.0.64.1', 'use2-az2')]
  const folder = await HourFolder.make(joined(assignmentFiles(lines), logFiles([[{}, [record()]]])))
  const made = await folder.hour('rollups')
  const zones = made.accounts.zones.map(zone => zone.source)
  expect(zones).toEqual([name as ZoneId])
  const parsed = hourMetrics(made, 1).map(metricsOf)
  expect(parsed).toHaveLength(2)
  expect(parsed[1]!.values).toEqual({ ZonePairBytes: 100 })
})

test('a run says how many hours it made and how old the newest is', () => {
  const now = (HOUR + 3600 + 1200) as UnixSeconds
  const line = (newest: string | null) =>
    metricsOf(
      runMetrics('shop', now, { made: 2, failed: 1, newest: newest === null ? null : parseHour(newest)! }),
    )
  expect(line(HOUR_TEXT)).toEqual({
    dimensions: { Cluster: 'shop' },
    values: { HoursMade: 2, HoursFailed: 1, NewestHourAge: 1200 },
  })
  expect(line(null).values).toEqual({ HoursMade: 2, HoursFailed: 1 })
  expect(NAMESPACE).toBe('Zonetoll')
})

let desk: Desk | undefined

afterEach(async () => {
  await desk?.close()
  desk = undefined
})

test('--emf prints metrics alone, and with --json the JSON line behind them', async () => {
  desk = await Desk.make(smallHour())
  const ended = await desk.run([...desk.options, '--emf'])
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  const lines = ended.stdout.trimEnd().split('\n')
  expect(lines.map(line => Object.keys(metricsOf(line).values)[0])).toEqual([
    'CrossZoneBytes',
    'ZonePairBytes',
    'ZonePairBytes',
    'HoursMade',
  ])
  const both = (await desk.run([...desk.options, '--emf', '--json'])).stdout.trimEnd().split('\n')
  expect(both).toHaveLength(5)
  expect(JSON.parse(both[4]!)).toMatchObject({ hours: [{ hour: HOUR_TEXT }] })
})

test('--emf of --due: hours that failed, and the newest that stands though it was not made', async () => {
  desk = await Desk.make(smallHour())
  const due = ['--due', '--scheduled-time', '2024-05-01T11:20:00Z', '--emf', '--quiet', ...desk.folders]
  await desk.run(due)
  const again = await desk.run(due)
  expect(again.status).toBe(0)
  expect(metricsOf(again.stdout.trimEnd()).values).toEqual({
    HoursMade: 0,
    HoursFailed: 0,
    NewestHourAge: 1200,
  })
  await desk.put(new Map([[`logs/${objectKey({ slot: HOUR, hash: 'bad' })}`, 'not gzip']]))
  const failed = await desk.run(due)
  expect(failed.status).toBe(1)
  expect(metricsOf(failed.stdout.trimEnd()).values).toEqual({ HoursMade: 0, HoursFailed: 1 })
  expect(Object.keys(await desk.rollups())).toContain(`${PARTITION}_ledger.json`)
})

test('one hour that fails is in the JSON line, too, and its message is on standard error', async () => {
  desk = await Desk.make(joined(smallHour(), new Map([[`logs/${objectKey({ hash: 'bad' })}`, 'not gzip']])))
  const ended = await desk.run([...desk.options, '--json'])
  expect(ended.status).toBe(1)
  const { hours } = JSON.parse(ended.stdout) as { hours: { hour: string; error: string }[] }
  expect(hours).toEqual([
    {
      hour: HOUR_TEXT,
      error: expect.stringContaining('is not gzip data though its name ends in .gz') as string,
    },
  ])
  expect(ended.stderr).toBe(`error: ${hours[0]!.error}\n`)
})
