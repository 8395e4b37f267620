// Rollups made local: files as they are, objects of a bucket as copies in a cache.

import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatHour } from '@zonetoll/model'
import { openLocation, type Location } from '@zonetoll/objects'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BUCKET, s3Place, type Place } from '../../../packages/objects/test/stores.ts'
import { localRollups, type LocalRollupsOptions, type WantedRollup } from '../src/local-rollups.ts'
import { RollupCache } from '../src/rollup-cache.ts'
import { findHours, readLedgers } from '../src/stored-hours.ts'
import { NO_SIGNAL } from './asked.ts'
import { writeMonth } from './stored-month.ts'

const HOURS = 5
const CLUSTER = 'shop'

let folder: string
let cache: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zonetoll-explore-'))
  cache = join(folder, 'cache', 'zonetoll')
  await writeMonth(join(folder, 'rollups'), { hours: HOURS, rows: 50, workloads: 3 })
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function wantedAt(location: Location): Promise<WantedRollup[]> {
  const { hours } = await findHours(location, CLUSTER, null, { signal: NO_SIGNAL })
  const wanted: WantedRollup[] = []
  for await (const { hour, rollup, books } of readLedgers(location, CLUSTER, hours, { signal: NO_SIGNAL })) {
    wanted.push({ hour, rollup, sha256: books.rollupSha256 })
  }
  return wanted
}

/** The rollups' bytes as they were written, in the order of hours. */
async function written(): Promise<Buffer[]> {
  const wanted = await wantedAt(openLocation(join(folder, 'rollups')))
  return await Promise.all(wanted.map(({ rollup }) => readFile(join(folder, 'rollups', rollup.key))))
}

async function local(location: Location, options: Partial<LocalRollupsOptions> = {}): Promise<Buffer[]> {
  const found = await localRollups(location, await wantedAt(location), {
    signal: NO_SIGNAL,
    cache: { folder: cache },
    ...options,
  })
  return await Promise.all(found.map(({ path }) => readFile(path)))
}

async function copies(): Promise<string[]> {
  return (await readdir(cache)).toSorted()
}

describe('in a folder', () => {
  test('a rollup is its own file, and no cache is made', async () => {
    const location = openLocation(join(folder, 'rollups'))
    const wanted = await wantedAt(location)
    const told: [number, number][] = []
    const found = await localRollups(location, wanted, {
      signal: NO_SIGNAL,
      cache: { folder: cache },
      progress: (done, bytes) => told.push([done, bytes]),
    })
    expect(found.map(({ path }) => path)).toEqual(
      wanted.map(({ rollup }) => join(folder, 'rollups', rollup.key)),
    )
    expect(told).toEqual([1, 2, 3, 4, 5].map(done => [done, 0]))
    await expect(readdir(cache)).rejects.toThrow('ENOENT')
  })

  test("a rollup that isn't its ledger's is an error that names it and says what to do", async () => {
    const location = openLocation(join(folder, 'rollups'))
    const [first] = await wantedAt(location)
    const path = join(folder, 'rollups', first!.rollup.key)
    const bytes = await readFile(path)
    bytes[100]! ^= 1
    await writeFile(path, bytes)
    await expect(local(location)).rejects.toThrow(
      `${path} is not the rollup that the ledger beside it names (its SHA-256 differs): it was changed, damaged or is being ` +
        `replaced. Ask again when nothing writes to it, or make the hour again: pnpm start --hour ${formatHour(first!.hour)}.`,
    )
  })
})

describe('in a bucket', () => {
  let place: Place & { server: NonNullable<Place['server']> }

  beforeEach(async () => {
    place = await s3Place({}, 'rollups/')
    for (const path of await readdir(join(folder, 'rollups'), { recursive: true })) {
      const file = join(folder, 'rollups', path)
      if ((await stat(file)).isFile()) place.server.put(BUCKET, `rollups/${path}`, await readFile(file))
    }
  })

  afterEach(async () => {
    await place.close()
  })

  const fetched = () =>
    place.server.requests.filter(
      ({ operation, key }) => operation === 'GetObject' && key.endsWith('.parquet'),
    )

  test('rollups are fetched once, and read from the cache after that', async () => {
    const expected = await written()
    let bytes = 0
    const progress = (_: number, more: number) => (bytes += more)
    expect(await local(place.location, { progress })).toEqual(expected)
    expect(fetched()).toHaveLength(HOURS)
    expect(bytes).toBe(expected.reduce((sum, { length }) => sum + length, 0))
    bytes = 0
    expect(await local(place.location, { progress })).toEqual(expected)
    expect(fetched()).toHaveLength(HOURS)
    expect(bytes).toBe(0)
  })

  test('folder and copies are the user’s alone', async () => {
    await mkdir(cache, { recursive: true, mode: 0o755 })
    await chmod(cache, 0o755)
    await local(place.location)
    expect((await stat(cache)).mode & 0o777).toBe(0o700)
    for (const name of await copies()) {
      expect(name).toMatch(/^[0-9a-f]{64}\.parquet$/)
      expect((await stat(join(cache, name))).mode & 0o777).toBe(0o600)
    }
    expect(await copies()).toHaveLength(HOURS)
  })

  test('only what was replaced is fetched again', async () => {
    await local(place.location)
    await writeMonth(join(folder, 'other'), { hours: 1, rows: 60, workloads: 3, seed: 2 })
    const partition = 'cluster=shop/dt=2024-05-01/hour=00/'
    for (const name of ['rollup.parquet', '_ledger.json']) {
      place.server.put(
        BUCKET,
        `rollups/${partition}${name}`,
        await readFile(join(folder, 'other', partition, name)),
      )
    }
    place.server.clearRequests()
    const [first] = await local(place.location)
    expect(first).toEqual(await readFile(join(folder, 'other', partition, 'rollup.parquet')))
    expect(fetched().map(({ key }) => key)).toEqual([`rollups/${partition}rollup.parquet`])
  })

  test('a copy that was damaged is fetched again', async () => {
    const expected = await written()
    await local(place.location)
    const [name] = await copies()
    await writeFile(join(cache, name!), 'damaged')
    place.server.clearRequests()
    expect(await local(place.location)).toEqual(expected)
    expect(fetched()).toHaveLength(1)
  })

  test("an object that isn't its ledger's is an error that names it, and no copy of it stays", async () => {
    const key = 'rollups/cluster=shop/dt=2024-05-01/hour=02/rollup.parquet'
    place.server.put(BUCKET, key, 'another rollup')
    await expect(local(place.location)).rejects.toThrow(
      `s3://${BUCKET}/${key} is not the rollup that the ledger beside it names`,
    )
    const bodies = await Promise.all((await copies()).map(name => readFile(join(cache, name), 'latin1')))
    expect(bodies).not.toContain('another rollup')
  })

  test('a fetch that fails half-way leaves nothing', async () => {
    // Cut once more at each attempt to go on.
    place.server.faults = ({ operation, key, headers }) =>
      operation === 'GetObject' && key.endsWith('.parquet')
        ? { kind: 'cut', after: headers['range'] === undefined ? 300 : 0 }
        : null
    await expect(local(place.location)).rejects.toThrow(/s3:\/\//)
    expect(await copies()).toEqual([])
  })

  test('an abort stops fetches that wait, and leaves nothing', async () => {
    const wanted = await wantedAt(place.location)
    place.server.faults = () => ({ kind: 'silence' })
    const stop = new AbortController()
    const reason = new Error('stopped')
    const fetching = localRollups(place.location, wanted, { signal: stop.signal, cache: { folder: cache } })
    setTimeout(() => stop.abort(reason), 50)
    await expect(fetching).rejects.toBe(reason)
    expect(await copies()).toEqual([])
  })

  test('beyond the bound, what was used longest ago goes; what was just used stays', async () => {
    const expected = await written()
    const size = expected[0]!.length
    await local(place.location)
    const old = await copies()
    // Yesterday's, the last one used first.
    for (const [at, name] of old.entries()) {
      const used = new Date(Date.now() - 86_400_000 - at * 1000)
      await utimes(join(cache, name), used, used)
    }
    await writeFile(join(cache, '_0123.part'), 'left behind')
    await utimes(join(cache, '_0123.part'), new Date(0), new Date(0))
    await writeFile(join(cache, '_4567.part'), 'being written')
    await writeFile(join(cache, 'notes.txt'), 'not ours')
    const kept = new RollupCache({ folder: cache, boundBytes: Math.ceil(size * 2.5) })
    await kept.use(join(cache, old[4]!))
    await kept.trim()
    expect(await copies()).toEqual([old[0]!, old[4]!, '_4567.part', 'notes.txt'].toSorted())
    // In use: nothing goes, whatever the bound.
    await kept.use(join(cache, old[0]!))
    await new RollupCache({ folder: cache, boundBytes: 0 }).trim()
    expect(await copies()).toHaveLength(4)
    expect(await local(place.location, { cache: { folder: cache, boundBytes: 0 } })).toEqual(expected)
  })

  test('a cache that can’t be made or is somebody else’s is an error that says what to do', async () => {
    await writeFile(join(folder, 'file'), '')
    for (const bad of [join(folder, 'file', 'cache'), '/proc/zonetoll']) {
      const asked = local(place.location, { cache: { folder: bad } })
      await expect(asked).rejects.toThrow(
        /^copies of rollups can't be kept in .*Name another folder with XDG_CACHE_HOME\.$/,
      )
    }
    await mkdir(join(folder, 'theirs'))
    await symlink(join(folder, 'theirs'), join(folder, 'link'))
    const linked = local(place.location, { cache: { folder: join(folder, 'link') } })
    await expect(linked).rejects.toThrow('it belongs to somebody else, or is no folder')
  })
})
