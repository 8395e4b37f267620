import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseHour, type UnixMillis, type ZoneId } from '@zonetoll/model'
import type { Location } from '@zonetoll/objects'

import { ageOf, formatAge, formatStatus, readStatus, statusJson } from '../src/status-report.ts'
import { at, CLUSTER, folderLocation, podLine, scratchFolder, startLog } from './log-fixture.ts'

let folder: Awaited<ReturnType<typeof scratchFolder>>
let location: Location
let now: UnixMillis
beforeEach(async () => {
  folder = await scratchFolder()
  location = folderLocation(folder.path)
  now = at('2024-05-01T10:30:00Z')
})
afterEach(() => folder.remove())

const status = () =>
  readStatus(now, { location, cluster: CLUSTER, warn: message => expect(message).toBe('') })

test('an empty log has no line, which is older than anything', async () => {
  const empty = await status()
  expect(ageOf(empty, now)).toBe(Infinity)
  expect(formatStatus(empty, now)).toContain('none in the last day')
  expect(statusJson(empty, now, 600_000)).toMatchObject({
    ageSeconds: null,
    stale: true,
    object: null,
    pods: 0,
  })
})

test('says what was written last, what holds, and how old the newest pod or node line is', async () => {
  const log = await startLog({ location, spill: `${folder.path}/spill`, clock: () => now })
  const held = {
    addresses: [],
    from: now,
    until: Infinity as UnixMillis,
    seen: now,
    instance: null,
    zone: 'use2-az1' as ZoneId,
  }
  log.book.put(podLine('holds', { seen: now }))
  log.book.put(podLine('ended', { seen: now, until: now }))
  log.book.put({ kind: 'node', uid: 'n', name: 'n', ...held, addresses: [{ family: 4, words: [9] }] })
  await log.flush()
  // Inventory goes on, the cluster is silent.
  now = at('2024-05-01T10:45:00Z')
  log.book.put({
    kind: 'interface',
    uid: 'eni-1',
    name: 'db',
    service: 'rds',
    ...held,
    seen: now,
    addresses: [{ family: 4, words: [8] }],
  })
  await log.flush()
  now = at('2024-05-01T10:46:00Z')
  const found = await status()
  expect(found).toMatchObject({
    hour: parseHour('2024-05-01T10'),
    holding: { pod: 1, node: 1, interface: 1 },
    newestLine: at('2024-05-01T10:30:00Z'),
    inventory: at('2024-05-01T10:45:00Z'),
    object: { at: at('2024-05-01T10:45:00Z') },
  })
  expect(ageOf(found, now)).toBe(16 * 60_000)
  expect(formatStatus(found, now).split('\n')).toEqual([
    'cluster       demo',
    expect.stringMatching(/^last object   .*hour=10\/20240501T104500.*\(2024-05-01T10:45:00Z, 60 s ago\)$/),
    'newest line   2024-05-01T10:30:00Z, 16 min ago',
    'inventory     2024-05-01T10:45:00Z, 60 s ago',
    'holding       1 pods, 1 nodes, 1 interfaces, 0 subnets',
  ])
  expect(statusJson(found, now, 600_000)).toMatchObject({
    ageSeconds: 960,
    stale: true,
    pods: 1,
    interfaces: 1,
  })
  expect(statusJson(found, now, 3_600_000)).toMatchObject({ stale: false })
})

test.each([
  [45_000, '45 s'],
  [119_400, '119 s'],
  [12 * 60_000, '12 min'],
  [200 * 60_000, '3 h 20 min'],
])('%s ms is %s', (millis, text) => {
  expect(formatAge(millis)).toBe(text)
})
