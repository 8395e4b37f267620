import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { S3Server } from '../../../test/servers/s3-server.ts'
import { Bucket } from '../../../test/servers/s3-server-bucket.ts'
import {
  compareKeys,
  findFlowLogObjects,
  openLocation,
  parseFlowLogName,
  type FlowLogQuery,
  type ListOptions,
  type ListPage,
  type Location,
  type ObjectStore,
} from '../src/index.ts'
import { BUCKET, folderPlace, nameOf, QUICK, s3Place } from './stores.ts'

const SLOT = 300
const HOUR = Date.UTC(2024, 4, 1, 10) / 1000
const WANTED: FlowLogQuery = { firstSlot: HOUR - SLOT, lastSlot: HOUR + 3600 + 1200, flowLogIds: [] }

const LAYOUTS = ['plain', 'hourly', 'hive', 'hiveHourly', 'flat'] as const
type Layout = (typeof LAYOUTS)[number]

interface FlowLog {
  readonly account: string
  readonly region: string
  readonly id: string
}

const LOG: FlowLog = { account: '123456789012', region: 'us-east-2', id: 'fl-0a1b2c3d4e5f60718' }

function stamp(slot: number): string {
  return new Date(slot * 1000).toISOString().slice(0, 16).replaceAll(/[-:]/g, '')
}

// `filed` is the time that the folders say, the slot's own if not given.
function keyOf(
  layout: Layout,
  { account, region, id }: FlowLog,
  slot: number,
  hash = '1a2b',
  filed = slot,
): string {
  const [year, month, day, hour] = new Date(filed * 1000).toISOString().split(/[-T:]/)
  const plain = `AWSLogs/${account}/vpcflowlogs/${region}/${year}/${month}/${day}/`
  const hive = `AWSLogs/aws-account-id=${account}/aws-service=vpcflowlogs/aws-region=${region}/year=${year}/month=${month}/day=${day}/`
  const folder = { plain, hourly: `${plain}${hour}/`, hive, hiveHourly: `${hive}hour=${hour}/`, flat: '' }[
    layout
  ]
  return `${folder}${account}_vpcflowlogs_${region}_${id}_${stamp(slot)}Z_${hash}.log.gz`
}

function slots(from: number, until: number, step = SLOT): number[] {
  return Array.from({ length: Math.ceil((until - from) / step) }, (_, at) => from + at * step)
}

function isInWanted(key: string): boolean {
  const slot = parseFlowLogName(key)?.slot ?? -1
  return slot >= WANTED.firstSlot && slot <= WANTED.lastSlot
}

const found = async (location: Location, query = WANTED) =>
  (await findFlowLogObjects(location, query)).objects.map(({ object }) => object.key)

describe('in a bucket', () => {
  let server: S3Server
  let location: Location
  beforeEach(async () => {
    const place = await s3Place({ maxKeys: 5 })
    server = place.server
    location = place.location
  })
  afterEach(() => server.close())

  const put = (keys: readonly string[], prefix = '') => {
    for (const key of keys) server.put(BUCKET, prefix + key, key)
  }
  const prefixesListed = () => server.requests.map(({ query }) => query['prefix'] ?? '')

  test.each(LAYOUTS.slice(0, 4))(
    'the %s layout is found from the root, from AWSLogs, from a region, a day and an hour',
    async layout => {
      const keys = slots(HOUR - 3 * 86_400, HOUR + 3 * 86_400, 3 * SLOT).map(slot => keyOf(layout, LOG, slot))
      put(keys, 'team/flow logs/')
      const wanted = keys.filter(isInWanted).map(key => `team/flow logs/${key}`)
      const parts = wanted[0]!.split('/').slice(0, -1)
      const depths = [0, 1, 2, 3, 4, 5, 6]
      for (const depth of depths) {
        const uri = ['s3:/', BUCKET, ...parts.slice(0, depth)].join('/')
        expect(await found(openLocation(uri, QUICK))).toEqual(wanted)
      }
      // A day and an hour hold fewer.
      for (let depth = 7; depth <= parts.length; depth++) {
        const prefix = `${parts.slice(0, depth).join('/')}/`
        expect(await found(openLocation(`s3://${BUCKET}/${prefix}`, QUICK))).toEqual(
          wanted.filter(key => key.startsWith(prefix)),
        )
      }
    },
  )

  test('other years, months, days and hours are never listed', async () => {
    for (const layout of LAYOUTS.slice(0, 4)) {
      const days = slots(HOUR - 400 * 86_400, HOUR + 40 * 86_400, 86_400 * 5)
      put(days.flatMap(day => [keyOf(layout, LOG, day), keyOf(layout, LOG, day + 3600)]))
      put(slots(HOUR - 86_400, HOUR + 86_400).map(slot => keyOf(layout, LOG, slot)))
    }
    server.clearRequests()
    expect(await found(location)).toHaveLength(4 * 18)
    const timed = prefixesListed()
      .map(prefix => prefix.replaceAll(/(?:year|month|day|hour)=/g, ''))
      .map(prefix => /\/(\d{4}\/.*)$/.exec(prefix)?.[1])
      .filter(part => part !== undefined)
    expect(new Set(timed)).toEqual(
      new Set(['2024/', '2024/05/', '2024/05/01/', '2024/05/01/09/', '2024/05/01/10/', '2024/05/01/11/']),
    )
  })

  test('at midnight the day before is looked at for the slot before, and nothing more of it', async () => {
    const midnight = Date.UTC(2024, 4, 1) / 1000
    const query = { firstSlot: midnight - SLOT, lastSlot: midnight + 3600, flowLogIds: [] }
    for (const layout of ['hourly', 'hiveHourly'] as const) {
      put(slots(midnight - 2 * 86_400, midnight + 86_400).map(slot => keyOf(layout, LOG, slot)))
    }
    server.clearRequests()
    expect(await found(location, query)).toHaveLength(2 * 14)
    const days = prefixesListed().flatMap(prefix => /2024\/\d\d\/\d\d\/\d\d\/$/.exec(prefix)?.[0] ?? [])
    expect(new Set(days)).toEqual(new Set(['2024/04/30/23/', '2024/05/01/00/', '2024/05/01/01/']))
  })

  test("of a day's folder only the wanted time of each flow log is listed", async () => {
    const { account, region } = LOG
    const logs = [0, 1, 2].map(at => ({ account, region, id: `fl-${String(at).repeat(17)}` }))
    put(logs.flatMap(log => slots(HOUR - 10 * 3600, HOUR + 14 * 3600).map(slot => keyOf('plain', log, slot))))
    server.clearRequests()
    expect(await found(location)).toHaveLength(3 * 18)
    // 288 objects a flow log: 58 pages of five. Wanted are 18: four pages, and one to get there, each.
    expect(server.requests.length).toBeLessThan(7 + 3 * 6)

    server.clearRequests()
    const one = { ...WANTED, flowLogIds: [logs[1]!.id] }
    expect(await found(location, one)).toHaveLength(18)
    expect(server.requests.length).toBeLessThan(7 + 7)

    server.clearRequests()
    expect(await found(location, { ...WANTED, flowLogIds: ['fl-ffffffff'] })).toEqual([])
    expect(server.requests.length).toBeLessThan(7 + 3)
  })

  test('a folder whose objects came in one page is listed once', async () => {
    put(slots(HOUR - 900, HOUR + 600).map(slot => keyOf('flat', LOG, slot)))
    server.clearRequests()
    expect(await found(location, { ...WANTED, lastSlot: HOUR })).toHaveLength(2)
    expect(server.requests).toHaveLength(1)
  })

  test('a time that is not a whole minute is one between two slots', async () => {
    // The first page ends at the slot just before it.
    put(slots(HOUR - 1200, HOUR + 1500).map(slot => keyOf('flat', LOG, slot)))
    expect(await found(location, { ...WANTED, firstSlot: HOUR + 30, lastSlot: HOUR + 630 })).toHaveLength(2)
  })

  test('objects filed in the folder of the hour next to their own are found', async () => {
    const early = keyOf('hourly', LOG, HOUR, 'early', HOUR - 60)
    const late = keyOf('hiveHourly', LOG, HOUR + 3300, 'late', HOUR + 3600)
    put([early, late])
    expect(await found(location, { ...WANTED, lastSlot: HOUR + 3300 })).toEqual([early, late])
  })

  test('all accounts and regions are found; other services and other data are not entered', async () => {
    const logs = ['111111111111', '222222222222'].flatMap(account =>
      ['us-east-2', 'eu-west-1'].map(region => ({ account, region, id: LOG.id })),
    )
    const keys = LAYOUTS.flatMap(layout => logs.map(log => keyOf(layout, log, HOUR)))
    put(keys)
    put([
      'AWSLogs/111111111111/CloudTrail/us-east-2/2024/05/01/x.json.gz',
      'AWSLogs/o-organization/111111111111/CloudTrail/us-east-2/2024/05/01/x.json.gz',
      'AWSLogs/aws-account-id=111111111111/aws-service=route53/x',
      'cluster=prod/dt=2024-05-01/hour=10/rollup.parquet',
      'dt=2024-05-01/x',
      'notes.txt',
    ])
    server.clearRequests()
    expect(await found(location)).toEqual([...keys].sort())
    expect(prefixesListed().filter(prefix => /CloudTrail|o-org|route53|cluster=|dt=/.test(prefix))).toEqual(
      [],
    )
  })

  test('a folder of years that is somebody else’s is looked into, as far as it is one', async () => {
    const key = `2023/${keyOf('plain', LOG, HOUR)}`
    put([key, `2022/05/${keyOf('flat', LOG, HOUR - 2 * 365 * 86_400)}`])
    server.clearRequests()
    expect(await found(location)).toEqual([key])
    expect(prefixesListed()).not.toContain('2022/05/')
  })

  test('says which folders it looked at, those of flow logs where there are any', async () => {
    put(['a/b/x', 'c/x'])
    expect((await findFlowLogObjects(location, WANTED)).lookedAt).toEqual([
      `s3://${BUCKET}/a/b/`,
      `s3://${BUCKET}/c/`,
    ])
    put([keyOf('hourly', LOG, HOUR - 86_400), keyOf('hive', { ...LOG, region: 'eu-west-1' }, HOUR + 7200)])
    const { objects, lookedAt } = await findFlowLogObjects(location, WANTED)
    expect(objects).toEqual([])
    expect(lookedAt).toEqual([
      `s3://${BUCKET}/AWSLogs/${LOG.account}/vpcflowlogs/us-east-2/2024/`,
      `s3://${BUCKET}/AWSLogs/aws-account-id=${LOG.account}/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2024/month=05/day=01/`,
    ])
    const nowhere = openLocation(`s3://${BUCKET}/no/such`, QUICK)
    expect((await findFlowLogObjects(nowhere, WANTED)).lookedAt).toEqual([`s3://${BUCKET}/no/such/`])
  })

  test('too many folders are an error that says to point nearer', async () => {
    put(Array.from({ length: 30 }, (_, at) => `f${at}/x`))
    const search = findFlowLogObjects(location, { ...WANTED, maxLists: 20 })
    await expect(search).rejects.toMatchObject({ reason: 'tooManyFolders' })
    await expect(search).rejects.toThrow(/20 lists were not enough; point --logs nearer/)
    expect(server.requests.length).toBeLessThan(30)
  })

  test('a failing list fails the search once, and an aborted signal ends it', async () => {
    put(Array.from({ length: 30 }, (_, at) => `f${at}/x`))
    server.faults = ({ query }) =>
      query['prefix']?.startsWith('f') ? { kind: 'error', status: 403, code: 'AccessDenied' } : null
    await expect(found(location)).rejects.toMatchObject({ reason: 'refused' })
    const abort = new AbortController()
    server.faults = ({ query }) => {
      if (query['prefix'] !== 'f1/') return null
      setTimeout(() => abort.abort(new Error('enough')), 10)
      return { kind: 'silence' }
    }
    await expect(findFlowLogObjects(location, { ...WANTED, signal: abort.signal })).rejects.toThrow('enough')
  })

  test('parquet objects and all of a slot’s objects are found, in the order of keys', async () => {
    const key = (hash: string, ending: string) => keyOf('plain', LOG, HOUR, hash).replace('.log.gz', ending)
    const keys = [key('a', '.log.gz'), key('b', '.log.parquet'), key('c', '.log')]
    put(keys.toReversed())
    const { objects } = await findFlowLogObjects(location, WANTED)
    expect(objects.map(({ object }) => object.key)).toEqual(keys)
    expect(objects.map(({ format }) => format)).toEqual(['text', 'parquet', 'text'])
    expect(objects[0]).toMatchObject({
      account: LOG.account,
      region: LOG.region,
      flowLogId: LOG.id,
      slot: HOUR,
    })
  })
})

test('a folder is searched as a bucket is, and a flat one too', async () => {
  const { location, store, folder, close } = await folderPlace()
  const keys = LAYOUTS.flatMap(layout =>
    slots(HOUR - 7200, HOUR + 7200).map(slot => keyOf(layout, LOG, slot)),
  )
  for (const key of keys) await store.write(key, Buffer.from(key))
  expect(await found(location)).toEqual(keys.filter(isInWanted).sort())
  const day = openLocation(`${folder}/AWSLogs/${LOG.account}/vpcflowlogs/us-east-2/2024/05/01`)
  expect(await found(day)).toHaveLength(2 * 18)
  const { lookedAt } = await findFlowLogObjects(day, {
    ...WANTED,
    firstSlot: HOUR + 86_400,
    lastSlot: HOUR + 90_000,
  })
  expect(lookedAt).toEqual([day.uri])
  await close()
})

test('finds what listing everything and filtering by name finds, in any mixture of layouts', async () => {
  const ids = ['fl-1', 'fl-12', 'fl-2a', 'fl-0a1b2c3d4e5f60718']
  const flowLog = fc.record({
    account: fc.constantFrom('111111111111', '222222222222'),
    region: fc.constantFrom('us-east-2', 'us-east-2-x', 'eu-west-1'),
    id: fc.constantFrom(...ids),
  })
  // Around the wanted time, around its midnights, and far away.
  const slot = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -30, max: 40 }).map(at => HOUR + at * SLOT) },
    { weight: 2, arbitrary: fc.integer({ min: -400, max: 400 }).map(at => HOUR + at * SLOT) },
    { weight: 1, arbitrary: fc.integer({ min: -800, max: 800 }).map(at => HOUR + at * 86_400) },
  )
  const key = fc
    .tuple(
      fc.constantFrom(...LAYOUTS),
      flowLog,
      slot,
      fc.constantFrom('a1', 'b2'),
      fc.constantFrom('', 'p/', 'p q/r/'),
    )
    .map(([layout, log, at, hash, prefix]) => prefix + keyOf(layout, log, at, hash))
  const other = fc.constantFrom('README', '0', 'zzz', '111111111111_vpcflowlogs_us-east-2', 'p/2024', 'q/x/y')
  const keys = fc.uniqueArray(fc.oneof({ weight: 12, arbitrary: key }, { weight: 1, arbitrary: other }), {
    maxLength: 120,
    size: 'max',
  })
  const query = fc.record({
    firstSlot: fc.integer({ min: -20 * SLOT, max: 6 * SLOT }).map(at => HOUR + at),
    lastSlot: fc.integer({ min: 6 * SLOT, max: 30 * SLOT }).map(at => HOUR + at),
    flowLogIds: fc.oneof(fc.constant<string[]>([]), fc.subarray([...ids, 'fl-none'])),
  })
  const reached = { wanted: 0, unwanted: 0, lists: 0, restarts: 0, pages: 0, layouts: new Set<string>() }
  await fc.assert(
    fc.asyncProperty(keys, query, async (some, asked) => {
      const bucket = new Bucket()
      for (const name of some) bucket.put(name, Buffer.from(name))
      const twin = bucket.keys().filter(name => {
        const parsed = parseFlowLogName(name)
        if (parsed === null || parsed.slot < asked.firstSlot || parsed.slot > asked.lastSlot) return false
        return asked.flowLogIds.length === 0 || asked.flowLogIds.includes(parsed.flowLogId)
      })
      // All that the search asks of a store.
      const store: Pick<ObjectStore, 'describe' | 'listPages'> = {
        describe: name => `s3://bucket/${name}`,
        listPages: (prefix, options) => {
          if (options?.startAfter) reached.restarts++
          reached.lists++
          return pagesOf(bucket, prefix, options ?? {}, () => reached.pages++)
        },
      }
      const { objects } = await findFlowLogObjects(
        { uri: 's3://bucket', store: store as ObjectStore, prefix: '' },
        asked,
      )
      expect(objects.map(({ object }) => object.key)).toEqual(twin)
      reached.wanted += twin.length
      reached.unwanted += some.length - twin.length
      for (const name of twin)
        reached.layouts.add(name.replaceAll(/\d+/g, '').split('/').slice(0, -1).join('/'))
    }),
    { seed: 20240501, numRuns: 500 },
  )
  expect(reached.wanted).toBeGreaterThan(5000)
  expect(reached.unwanted).toBeGreaterThan(10_000)
  // Both going on to a next page, and listing anew from a later place.
  expect(reached.pages - reached.lists).toBeGreaterThan(200)
  expect(reached.restarts).toBeGreaterThan(200)
  expect(reached.layouts.size).toBeGreaterThan(12)
})

// The listing of the S3 server without its HTTP, seven entries a page.
async function* pagesOf(
  bucket: Bucket,
  prefix: string,
  { delimiter, startAfter }: ListOptions,
  onPage: () => void,
): AsyncGenerator<ListPage> {
  let after: string | null = startAfter ?? ''
  while (after !== null) {
    onPage()
    const page = bucket.list({ prefix, delimiter: delimiter ? '/' : '', after, maxKeys: 7 })
    const objects = page.keys.map(key => ({ object: { key, size: 0, etag: '', modified: 0 } }))
    const entries = [...objects, ...page.prefixes.map(folded => ({ prefix: folded }))]
    entries.sort((a, b) => compareKeys(nameOf(a), nameOf(b)))
    after = page.next
    yield { entries, more: after !== null }
  }
}
