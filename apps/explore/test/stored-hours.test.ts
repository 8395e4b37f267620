// Which hours are found, what is asked of a bucket for them, and ledgers that are none.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatHour, parseHour, type Hour } from '@zonetoll/model'
import { openLocation, type Location } from '@zonetoll/objects'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { s3Place, type Place } from '../../../packages/objects/test/stores.ts'
import { findHours, readLedgers, type HourInterval } from '../src/stored-hours.ts'
import { NO_SIGNAL } from './asked.ts'
import { writeHour } from './stored-month.ts'

const CLUSTER = 'shop'

function hour(text: string): Hour {
  return parseHour(text)!
}

function interval(from: string, until: string): HourInterval {
  return { from: hour(from), until: hour(until) }
}

async function found(location: Location, asked: HourInterval | null): Promise<Record<string, string[]>> {
  const { hours, incomplete } = await findHours(location, CLUSTER, asked, { signal: NO_SIGNAL })
  return {
    hours: hours.map(each => formatHour(each.hour)),
    incomplete: incomplete.map(formatHour),
  }
}

describe('in a bucket', () => {
  const PREFIX = 'some/rollups/'
  let place: Place & { server: NonNullable<Place['server']> }

  beforeEach(async () => {
    place = await s3Place({ maxKeys: 7 }, PREFIX)
    const put = (key: string) => place.server.put('zonetoll-test', PREFIX + key, 'x')
    for (const [day, hours] of [
      ['2024-04-30', [22, 23]],
      ['2024-05-01', [0, 1, 2, 9, 10, 11, 23]],
      ['2024-05-02', [0, 5]],
    ] as const) {
      for (const each of hours) {
        const partition = `cluster=${CLUSTER}/dt=${day}/hour=${String(each).padStart(2, '0')}/`
        for (const name of ['rollup.parquet', '_ledger.json', 'report.html', '_partial-1-of-2.json'])
          put(partition + name)
      }
    }
    place.server.remove('zonetoll-test', `${PREFIX}cluster=shop/dt=2024-05-01/hour=10/_ledger.json`)
    place.server.remove('zonetoll-test', `${PREFIX}cluster=shop/dt=2024-05-01/hour=11/rollup.parquet`)
    for (const key of [
      'cluster=shop/dt=2024-05-01/hour=24/rollup.parquet',
      'cluster=shop/dt=2024-05-01/hour=3/rollup.parquet',
      'cluster=shop/dt=2024-02-30/hour=00/rollup.parquet',
      'cluster=shop/dt=2024-05-01/hour=04/deeper/rollup.parquet',
      'cluster=shop/readme.txt',
      'cluster=shop2/dt=2024-05-01/hour=00/rollup.parquet',
      'cluster=sho/dt=2024-05-01/hour=00/_ledger.json',
    ]) {
      put(key)
    }
    place.server.clearRequests()
  })

  afterEach(async () => {
    await place.close()
  })

  function listed(): { prefix: string | undefined; startAfter: string | undefined }[] {
    return place.server.requests
      .filter(
        ({ operation, query }) => operation === 'ListObjectsV2' && query['continuation-token'] === undefined,
      )
      .map(({ query }) => ({ prefix: query['prefix'], startAfter: query['start-after'] }))
  }

  test('all hours are those with both files, in the order of time', async () => {
    expect(await found(place.location, null)).toEqual({
      hours: [
        '2024-04-30T22',
        '2024-04-30T23',
        '2024-05-01T00',
        '2024-05-01T01',
        '2024-05-01T02',
        '2024-05-01T09',
        '2024-05-01T23',
        '2024-05-02T00',
        '2024-05-02T05',
      ],
      incomplete: ['2024-05-01T10', '2024-05-01T11'],
    })
    expect(new Set(place.server.requests.map(({ operation }) => operation))).toEqual(
      new Set(['ListObjectsV2']),
    )
  })

  test('one hour is one list of its folder', async () => {
    expect(await found(place.location, interval('2024-05-01T09', '2024-05-01T10'))).toEqual({
      hours: ['2024-05-01T09'],
      incomplete: [],
    })
    expect(listed()).toEqual([
      { prefix: `${PREFIX}cluster=shop/dt=2024-05-01/hour=09/`, startAfter: undefined },
    ])
    expect(place.server.requests).toHaveLength(1)
  })

  test('an interval is listed from its first hour on, and left behind its last', async () => {
    expect(await found(place.location, interval('2024-05-01T01', '2024-05-01T11'))).toEqual({
      hours: ['2024-05-01T01', '2024-05-01T02', '2024-05-01T09'],
      incomplete: ['2024-05-01T10'],
    })
    const startAfter = `${PREFIX}cluster=shop/dt=2024-05-01/hour=01/`
    expect(listed()).toEqual([{ prefix: `${PREFIX}cluster=shop/dt=`, startAfter }])
    // 20 keys lie in it, seven come a page: a fourth page would be beyond the end.
    expect(place.server.requests.length).toBeLessThanOrEqual(3)
  })

  test.each([
    ['2024-04-30T23', '2024-05-01T01', ['2024-04-30T23', '2024-05-01T00']],
    ['2024-05-01T03', '2024-05-01T09', []],
    ['2024-05-02T01', '2030-01-01T00', ['2024-05-02T05']],
    ['2020-01-01T00', '2024-04-30T23', ['2024-04-30T22']],
    ['2030-01-01T00', '2030-01-02T00', []],
  ])('[%s, %s) is half-open', async (from, until, hours) => {
    expect(await found(place.location, interval(from, until))).toEqual({ hours, incomplete: [] })
  })
})

describe('in a folder', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zonetoll-explore-'))
    for (let at = 0; at < 30; at++) {
      await writeHour(folder, CLUSTER, (hour('2024-05-01T12') + at * 3600) as Hour, [])
    }
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  const first = () => join(folder, 'cluster=shop/dt=2024-05-01/hour=12/_ledger.json')

  async function read(count = 30): Promise<string[]> {
    const location = openLocation(folder)
    const { hours } = await findHours(location, CLUSTER, null, { signal: NO_SIGNAL })
    const seen: string[] = []
    for await (const each of readLedgers(location, CLUSTER, hours, { signal: NO_SIGNAL })) {
      expect(each.books.hour).toBe(each.hour)
      seen.push(formatHour(each.hour))
      if (seen.length === count) break
    }
    return seen
  }

  test('ledgers come in the order of time, more than are read ahead, and as few as are wanted', async () => {
    const all = await read()
    expect(all).toHaveLength(30)
    expect(all).toEqual(all.toSorted())
    expect(await read(1)).toEqual(['2024-05-01T12'])
  })

  test.each([
    ['no JSON', 'nothing', /the ledger is not JSON: /],
    ['no UTF-8', new Uint8Array([0x7b, 0xff]), /it is not UTF-8 text/],
    ['cut', '{"version":1,', /the ledger is not JSON: /],
    [
      'a ledger without an account',
      '{"version":1,"cluster":"shop"}',
      /the ledger's hour: expected an hour's begin/,
    ],
  ])('a ledger that is %s is an error that names it and says what to do', async (_what, content, message) => {
    await writeFile(first(), content)
    const reading = read()
    await expect(reading).rejects.toThrow(message)
    await expect(reading).rejects.toThrow(
      /^\/.*\/hour=12\/_ledger\.json can't be used: .* Make the hour again \(pnpm start --hour 2024-05-01T12\), or leave it out/,
    )
  })

  test('a ledger of another hour or cluster is not taken for this one', async () => {
    const other = await readFile(join(folder, 'cluster=shop/dt=2024-05-01/hour=13/_ledger.json'), 'utf8')
    await writeFile(first(), other)
    await expect(read()).rejects.toThrow('it is that of the cluster shop, hour 2024-05-01T13')
    await writeFile(first(), other.replace('"cluster":"shop"', '"cluster":"other"'))
    await expect(read()).rejects.toThrow('it is that of the cluster other, hour 2024-05-01T13')
  })
})
