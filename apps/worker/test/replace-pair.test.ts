// Two runs on one hour: whatever happens in between, one run's pair stands when all have ended.

import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError, type ObjectStore } from '@zonetoll/objects'
import { afterEach, describe, expect, test } from 'vitest'
import type { S3Request } from '../../../test/servers/s3-server.ts'
import { Seeded } from '../../../test/support/seeded.ts'
import { bytesOf, folderPlace, s3Place, stored, type Place } from '../../../packages/objects/test/stores.ts'
import { OvertakenError, replacePair, type OwnPair } from '../src/replace-pair.ts'
import { RUN } from './in-folder.ts'

const KEYS = { rollupKey: 'hour=10/rollup.parquet', ledgerKey: 'hour=10/_ledger.json' }

let place: Place
const folders: string[] = []

afterEach(async () => {
  await place.close()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

interface Named extends OwnPair {
  readonly folder: string
}

/** The pair of a run; pairs of one `rows` have the same rollup. */
async function pairOf(name: string, rows = name): Promise<Named> {
  const folder = await mkdtemp(join(tmpdir(), 'zonetoll-pair-'))
  folders.push(folder)
  const file = join(folder, 'own.parquet')
  const content = `rows of ${rows}`.padEnd(200, '.')
  await writeFile(file, content)
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { ...KEYS, file, sha256, folder, ledgerText: JSON.stringify({ name, rollupSha256: sha256 }) }
}

async function publish(pair: Named, store: ObjectStore = place.store, patienceMillis = 60): Promise<void> {
  await replacePair(store, pair, pair.folder, RUN, { patienceMillis, pollMillis: 5 })
}

async function text(key: string): Promise<string> {
  return (await bytesOf(place.store.read(await stored(place.store, key)))).toString()
}

/** The name of the run whose pair stands; fails where rollup and ledger aren't one run's. */
async function standingName(): Promise<string> {
  const rollup = await text(KEYS.rollupKey)
  const ledger = JSON.parse(await text(KEYS.ledgerKey)) as { name: string; rollupSha256: string }
  expect(createHash('sha256').update(rollup).digest('hex')).toBe(ledger.rollupSha256)
  return ledger.name
}

/** The store with pauses of up to two milliseconds before each call. */
function slowed(store: ObjectStore, random: Seeded): ObjectStore {
  const pause = () => sleep(random.int(3))
  return {
    list: (...args) => store.list(...args),
    listPages: (...args) => store.listPages(...args),
    read: (...args) => store.read(...args),
    describe: key => store.describe(key),
    delete: key => store.delete(key),
    head: async key => {
      await pause()
      return await store.head(key)
    },
    write: async (...args) => {
      await pause()
      return await store.write(...args)
    },
  }
}

/** How a store treats conditions: the folder's way, S3's, a server's that passes them over, one's that doesn't have them. */
const STORES = {
  folder: folderPlace,
  S3: () => s3Place(),
  'S3 that passes conditions over': async () => {
    const opened = await s3Place()
    opened.server.faults = ({ operation }) =>
      operation === 'PutObject' ? { kind: 'ignoreConditions' } : null
    return opened
  },
  'S3 that has no conditions': async () => {
    const opened = await s3Place()
    opened.server.faults = ({ headers }) =>
      'if-none-match' in headers ||
      ('if-match' in headers && !('range' in headers) && headers['content-length'])
        ? { kind: 'error', status: 501, code: 'NotImplemented' }
        : null
    return opened
  },
} as const

describe.each(Object.entries(STORES))('over %s', (_name, open) => {
  test('runs at the same time leave one pair, and each run either stands, was equal, or says it was overtaken', async () => {
    place = await open()
    let overtaken = 0
    for (let round = 1; round <= 20; round++) {
      const random = new Seeded(round)
      // Some runs have the same input, some only the same rows.
      const pairs = await Promise.all(
        Array.from({ length: 2 + random.int(3) }, (_, at) =>
          pairOf(`${round}-${at % 3}`, `${round}-${at % 2}`),
        ),
      )
      const ended = await Promise.allSettled(
        pairs.map(pair => publish(pair, slowed(place.store, random), 500)),
      )
      const name = await standingName()
      const done = pairs.filter((_, at) => ended[at]!.status === 'fulfilled')
      expect(done.map(pair => (JSON.parse(pair.ledgerText) as { name: string }).name)).toContain(name)
      for (const each of ended) {
        if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(OvertakenError)
      }
      overtaken += ended.length - done.length
    }
    expect(overtaken).toBeGreaterThan(0)
  }, 60_000)

  test('a pair that was left half by a run that was killed is written over', async () => {
    place = await open()
    await publish(await pairOf('before'))
    const killed = await pairOf('killed')
    await place.store.write(KEYS.rollupKey, { file: killed.file })
    await publish(await pairOf('after'))
    expect(await standingName()).toBe('after')
  })
})

function writes(key: string): (request: S3Request) => boolean {
  return request => request.operation === 'PutObject' && request.key === key
}

/** Refuses this run's ledger, after `work`. */
async function publishRefused(own: Named, work: () => Promise<void>): Promise<void> {
  const store = place.store
  let refused = false
  const refusing: ObjectStore = Object.create(store, {
    write: {
      value: async (...args: Parameters<ObjectStore['write']>) => {
        if (refused || args[0] !== KEYS.ledgerKey) return await store.write(...args)
        refused = true
        await work()
        throw new StoreError('busy', 'the server can’t serve now')
      },
    },
    head: { value: (key: string) => store.head(key) },
    read: { value: (...args: Parameters<ObjectStore['read']>) => store.read(...args) },
    delete: { value: (key: string) => store.delete(key) },
    describe: { value: (key: string) => store.describe(key) },
  }) as ObjectStore
  await expect(publish(own, refusing)).rejects.toThrow(/^the server can’t serve now$/)
}

function withoutEtag<T extends { readonly etag: string } | null>(object: T): T {
  return object === null ? object : { ...object, etag: '' }
}

describe('over S3, with another run that comes in between', () => {
  type S3Place = Awaited<ReturnType<typeof s3Place>>

  /** Puts the pair of another run, or its rollup alone, before the n-th request of a kind. */
  async function withOther(
    other: Named,
    when: (request: S3Request) => boolean,
    what: 'pair' | 'rollup' = 'pair',
  ): Promise<S3Place> {
    const opened = await s3Place()
    place = opened
    const content = `rows of ${(JSON.parse(other.ledgerText) as { name: string }).name}`.padEnd(200, '.')
    let come = false
    opened.server.faults = request => {
      if (come || !when(request)) return null
      come = true
      opened.server.put(request.bucket, KEYS.rollupKey, content)
      if (what === 'pair') opened.server.put(request.bucket, KEYS.ledgerKey, other.ledgerText)
      return null
    }
    return opened
  }

  test.each([
    ['before the rollup', KEYS.rollupKey],
    ['between the two files', KEYS.ledgerKey],
  ])('a whole other pair %s: the other stands, and this run says so', async (_when, key) => {
    await withOther(await pairOf('other'), writes(key))
    await expect(publish(await pairOf('own'))).rejects.toThrow(
      /^another run made the hour while this one did, .*s3:\/\/zonetoll-test\/hour=10\/rollup\.parquet stands, this run's was given up\. Run again/,
    )
    expect(await standingName()).toBe('other')
  })

  test.each([
    ['before the rollup', KEYS.rollupKey],
    ['between the two files', KEYS.ledgerKey],
  ])('the same pair %s is success', async (_when, key) => {
    await withOther(await pairOf('own'), writes(key))
    await publish(await pairOf('own'))
    expect(await standingName()).toBe('own')
  })

  test.each([
    ['before the rollup', KEYS.rollupKey],
    ['between the two files', KEYS.ledgerKey],
  ])('a rollup of another run that never ends, %s: after a while it is written over', async (_when, key) => {
    await withOther(await pairOf('other'), writes(key), 'rollup')
    const begun = performance.now()
    await publish(await pairOf('own'), place.store, 300)
    expect(await standingName()).toBe('own')
    expect(performance.now() - begun).toBeGreaterThan(300)
  })

  test('a rollup whose answer was lost is this run’s own when it is asked for again', async () => {
    const opened = await s3Place()
    place = opened
    let cut = false
    opened.server.faults = request => {
      if (cut || !writes(KEYS.rollupKey)(request)) return null
      cut = true
      opened.server.put(request.bucket, KEYS.rollupKey, 'rows of own'.padEnd(200, '.'))
      return { kind: 'reset' }
    }
    await publish(await pairOf('own'))
    expect(await standingName()).toBe('own')
    const puts = opened.server.requests.filter(writes(KEYS.rollupKey))
    expect(puts.map(({ headers }) => headers['if-none-match'])).toEqual(['*', '*'])
  })

  test('what stands already with the same bytes is not written again', async () => {
    const opened = await s3Place()
    place = opened
    await publish(await pairOf('own'))
    opened.server.clearRequests()
    await publish(await pairOf('own'))
    expect(opened.server.requests.filter(({ method }) => method === 'PUT')).toEqual([])
  })

  test('each write says what it expects to replace', async () => {
    const opened = await s3Place()
    place = opened
    await publish(await pairOf('first'))
    const etags = await Promise.all(
      [KEYS.rollupKey, KEYS.ledgerKey].map(async key => `"${(await stored(place.store, key)).etag}"`),
    )
    await publish(await pairOf('second'))
    const puts = opened.server.requests.filter(({ method }) => method === 'PUT')
    expect(puts.map(({ headers }) => headers['if-none-match'] ?? headers['if-match'])).toEqual([
      '*',
      '*',
      ...etags,
    ])
  })

  describe('and then its own ledger can’t be written', () => {
    test.each(['nothing', 'another pair'])(
      'where %s stood before, what the other run made stays',
      async before => {
        place = await s3Place()
        if (before !== 'nothing') await publish(await pairOf('before'))
        const other = await pairOf('other')
        await publishRefused(await pairOf('own'), () => publish(other))
        expect(await standingName()).toBe('other')
      },
    )

    test('the rollup that both made stays with the other run’s ledger', async () => {
      place = await s3Place()
      const other = await pairOf('other', 'same rows')
      await publishRefused(await pairOf('own', 'same rows'), () => publish(other))
      expect(await standingName()).toBe('other')
    })

    test('the other run’s rollup stays while its ledger is still to come', async () => {
      place = await s3Place()
      const other = await pairOf('other')
      await publishRefused(await pairOf('own'), async () => {
        await place.store.write(KEYS.rollupKey, { file: other.file })
      })
      expect(await text(KEYS.rollupKey)).toMatch(/^rows of other/)
      expect(await place.store.head(KEYS.ledgerKey)).toBeNull()
    })

    test.each([null, 'before'])('where no other run came, what stood (%s) is put back', async before => {
      place = await s3Place()
      if (before !== null) await publish(await pairOf(before))
      await publishRefused(await pairOf('own'), async () => {})
      if (before !== null) expect(await standingName()).toBe(before)
      else
        expect([await place.store.head(KEYS.rollupKey), await place.store.head(KEYS.ledgerKey)]).toEqual([
          null,
          null,
        ])
    })
  })

  test('a server that gives no etags is read again instead', async () => {
    const opened = await s3Place()
    place = opened
    const store = opened.store
    const blind: ObjectStore = Object.create(store, {
      head: { value: async (key: string) => withoutEtag(await store.head(key)) },
      read: { value: (...args: Parameters<ObjectStore['read']>) => store.read(...args) },
      delete: { value: (key: string) => store.delete(key) },
      describe: { value: (key: string) => store.describe(key) },
      write: {
        value: async (...args: Parameters<ObjectStore['write']>) => {
          await store.write(...args)
          return ''
        },
      },
    }) as ObjectStore
    await publish(await pairOf('before'), blind)
    await publish(await pairOf('own'), blind)
    expect(await standingName()).toBe('own')
    // Another run replaces both just before this one has a last look.
    const other = await pairOf('other')
    const own = await pairOf('third')
    let come = false
    opened.server.faults = request => {
      if (
        come ||
        request.operation !== 'HeadObject' ||
        opened.server.get(request.bucket, KEYS.ledgerKey) === null
      )
        return null
      if (!Buffer.from(opened.server.get(request.bucket, KEYS.ledgerKey)!).toString().includes('third'))
        return null
      come = true
      opened.server.put(request.bucket, KEYS.rollupKey, 'rows of other'.padEnd(200, '.'))
      opened.server.put(request.bucket, KEYS.ledgerKey, other.ledgerText)
      return null
    }
    await expect(publish(own, blind)).rejects.toBeInstanceOf(OvertakenError)
    expect(await standingName()).toBe('other')
  })
})
