// The commands against a real S3 server, each a process: bucket to bucket what they do from folder to folder.

import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { makePod, nodeObject } from '../../apps/recorder/test/cluster-fixture.ts'
import { startKubeApi } from '../servers/kube-api.ts'
import {
  assignmentFiles,
  HOUR_TEXT,
  joined,
  logFiles,
  objectKey,
  PARTITION,
  pod,
  record,
  SMALL_LINES,
  smallHour,
  type Files,
} from '../support/data-set.ts'
import { Seeded } from '../support/seeded.ts'
import { Place, type Ended } from './commands.ts'
import { noisyHour } from './noisy-hour.ts'
import { s3Target, s3Wanted, type S3Target } from './s3-target.ts'

const ROLLUP = `${PARTITION}rollup.parquet`
const LEDGER = `${PARTITION}_ledger.json`
const FOLDERS = ['logs', 'assignments', 'rollups'] as const
const HOUR_ARGS = ['--hour', HOUR_TEXT]
const AT_A_TIME = 16

const inBucket = (bucket: string, folders: readonly string[] = FOLDERS) =>
  folders.flatMap(name => [`--${name}`, `s3://${bucket}/${name}`])
const inFolders = (folders: readonly string[] = FOLDERS) => folders.flatMap(name => [`--${name}`, name])

const done = (ended: Ended) => expect(ended).toMatchObject({ status: 0, stderr: '' })

function namesOf(list: readonly { readonly key: string; readonly etag: string }[]) {
  return list.map(({ key, etag: _etag, ...more }) => ({
    ...more,
    name: key.slice(key.lastIndexOf('/') + 1),
  }))
}

/** A ledger without what differs between a bucket and a folder: keys and etags of its input. */
const counted = (ledger: string | undefined) => {
  const { objects, assignments, ...rest } = JSON.parse(ledger!) as Record<
    string,
    { key: string; etag: string }[]
  >
  return { ...rest, objects: namesOf(objects!), assignments: namesOf(assignments!) }
}

const PART_BYTES = 8 * 1024 * 1024

/** An hour of a thousand pairs, whose names gzip can't shorten: the rollup is longer than a part of an upload. */
function longNamedHour(): Files {
  const random = new Seeded(1)
  const pods = random.list(1000, at => ({
    name: Buffer.from(random.list(6000, () => random.int(256))).toString('base64'),
    address: `10.1.${at >> 8}.${at & 255}`,
  }))
  const next = (at: number) => pods[(at + 1) % pods.length]!
  return joined(
    assignmentFiles(
      pods.map(({ name, address }, at) => pod(name, address, `use2-az${1 + (at % 2)}`, { workload: null })),
    ),
    logFiles([[{}, pods.map(({ address }, at) => record({ from: address, to: next(at).address }))]]),
  )
}

describe.runIf(s3Wanted())('on a real S3 server', () => {
  let target: S3Target
  let place: Place

  beforeAll(async () => {
    target = await s3Target()
    place = await Place.make(noisyHour(1))
  })
  afterAll(async () => {
    await place.close()
    await target.close()
  })

  /** A bucket with those files. */
  async function bucketOf(files: Files): Promise<string> {
    const bucket = await target.makeBucket()
    const left = [...files]
    const put = async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) await target.put(bucket, ...next)
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, put))
    return bucket
  }

  const onS3 = (
    name: Parameters<Place['run']>[0],
    args: readonly string[],
    env: Record<string, string> = {},
  ) => place.run(name, args, { env: { ...target.environment, ...env } })

  /** The rollups' objects, by key from there; searched for secrets besides. */
  async function rollupsIn(bucket: string): Promise<Record<string, string>> {
    const files: Record<string, string> = {}
    for (const key of await target.keys(bucket, 'rollups/')) {
      const text = (await target.get(bucket, key))!.toString('latin1')
      place.search(`s3://${bucket}/${key}`, text)
      files[key.slice('rollups/'.length)] = text
    }
    return files
  }

  test('start from bucket to bucket writes the bytes that it writes from folder to folder, and again the same', async () => {
    const bucket = await bucketOf(noisyHour(1))
    done(await onS3('start', [...HOUR_ARGS, ...inBucket(bucket)]))
    done(await place.run('start', [...HOUR_ARGS, ...inFolders()]))
    const [made, plain] = [await rollupsIn(bucket), await place.files('rollups')]
    expect(Object.keys(made).sort()).toEqual([LEDGER, ROLLUP])
    expect(made[ROLLUP] === plain[ROLLUP]).toBe(true)
    expect(counted(made[LEDGER])).toEqual(counted(plain[LEDGER]))
    const sha256 = createHash('sha256').update(Buffer.from(made[ROLLUP]!, 'latin1')).digest('hex')
    expect(JSON.parse(made[LEDGER]!)).toMatchObject({ rollupSha256: sha256 })
    done(await onS3('start', [...HOUR_ARGS, ...inBucket(bucket)]))
    expect(await rollupsIn(bucket)).toEqual(made)
    expect(await place.leftovers()).toEqual([])
  })

  test('a rollup longer than a part goes up in parts, and is read back by query and report', async () => {
    const bucket = await bucketOf(longNamedHour())
    const rollups = inBucket(bucket, ['rollups'])
    for (let times = 0; times < 2; times++) {
      done(await onS3('start', [...HOUR_ARGS, ...inBucket(bucket), '--quiet']))
      expect(await target.openUploads(bucket)).toBe(0)
    }
    const made = await rollupsIn(bucket)
    expect(made[ROLLUP]!.length).toBeGreaterThan(PART_BYTES)
    const sha256 = createHash('sha256').update(Buffer.from(made[ROLLUP]!, 'latin1')).digest('hex')
    expect(JSON.parse(made[LEDGER]!)).toMatchObject({ rollupSha256: sha256, rows: 1000 })
    const sql = 'SELECT count(*) AS pairs, sum(bytes)::BIGINT AS bytes FROM rollup'
    const asked = await onS3('query', [sql, ...rollups, '--format', 'json', '--quiet'])
    done(asked)
    expect(JSON.parse(asked.stdout)).toEqual([{ pairs: 1000, bytes: 100_000 }])
    done(await onS3('report', [...rollups, '--out', 'long.html', '--quiet']))
  })

  test('start takes a bucket by the name of its host when path style is asked for', async () => {
    const bucket = await bucketOf(smallHour())
    const url = new URL(target.url)
    if (url.hostname === '127.0.0.1') url.hostname = 'localhost'
    done(await onS3('start', [...HOUR_ARGS, ...inBucket(bucket)], { AWS_ENDPOINT_URL_S3: url.origin }))
    expect(Object.keys(await rollupsIn(bucket)).sort()).toEqual([LEDGER, ROLLUP])
  })

  test('start finds the hour among three thousand keys of its day', async () => {
    const others = Array.from({ length: 3000 }, (_, at) => {
      const slot = Date.UTC(2024, 4, 1, at < 1500 ? 2 : 20, 5 * (at % 12)) / 1000
      return [{ slot, flowLog: at % 2 === 0 ? 'fl-0aaa' : 'fl-9zzz', hash: `n${at}` }, 'not read'] as const
    })
    const files = new Map(noisyHour(1))
    for (const [name, content] of others) files.set(`logs/${objectKey(name)}`, content)
    const bucket = await bucketOf(files)
    expect(await target.keys(bucket, 'logs/')).toHaveLength(3012)
    done(await onS3('start', [...HOUR_ARGS, ...inBucket(bucket)]))
    done(await place.run('start', [...HOUR_ARGS, ...inFolders()]))
    expect((await rollupsIn(bucket))[ROLLUP] === (await place.files('rollups'))[ROLLUP]).toBe(true)
  })

  test('shards and their merge leave the bytes of one run, and no partial', async () => {
    const bucket = await bucketOf(noisyHour(1))
    done(await onS3('start', [...HOUR_ARGS, ...inBucket(bucket)]))
    const whole = await rollupsIn(bucket)
    await target.remove(bucket, await target.keys(bucket, 'rollups/'))
    const shards = await Promise.all(
      ['0/3', '1/3', '2/3'].map(shard =>
        onS3('start', [...HOUR_ARGS, ...inBucket(bucket), '--shard', shard]),
      ),
    )
    for (const shard of shards) done(shard)
    expect(Object.keys(await rollupsIn(bucket))).toHaveLength(3)
    done(await onS3('merge', [...HOUR_ARGS, ...inBucket(bucket, ['assignments', 'rollups'])]))
    expect(await rollupsIn(bucket)).toEqual(whole)
  })

  test('start --due makes an hour once, and again when its input has changed', async () => {
    const bucket = await bucketOf(noisyHour(1))
    const due = ['--due', '--scheduled-time', '2024-05-01T11:20:00Z', '--lookback', '1', ...inBucket(bucket)]
    done(await onS3('start', [...due, '--quiet', '--json']))
    const first = await rollupsIn(bucket)
    expect(Object.keys(first).sort()).toEqual([LEDGER, ROLLUP])
    const again = await onS3('start', [...due, '--quiet', '--json'])
    done(again)
    expect(JSON.parse(again.stdout)).toMatchObject({ hours: [], complete: [HOUR_TEXT] })
    const [key, late] = [...logFiles([[{ hash: 'late' }, [record({ bytes: 1_000_000 })]]])][0]!
    await target.put(bucket, key, late)
    done(await onS3('start', [...due, '--quiet', '--json']))
    const second = await rollupsIn(bucket)
    expect(second[LEDGER]).not.toBe(first[LEDGER])
    expect(JSON.parse(second[LEDGER]!).objects).toHaveLength(13)
  })

  test('of two runs at a time with different options one whole hour is left', async () => {
    const bucket = await bucketOf(noisyHour(1))
    const args = [...HOUR_ARGS, ...inBucket(bucket), '--quiet', '--json']
    const runs = await Promise.all([onS3('start', args), onS3('start', [...args, '--all-pairs'])])
    for (const { status, stderr } of runs) {
      expect(status === 0 ? stderr : stderr.startsWith('error: another run made the hour')).toEqual(
        status === 0 ? '' : true,
      )
    }
    expect(runs.map(({ status }) => status)).toContain(0)
    const { [ROLLUP]: rollup, [LEDGER]: ledger } = await rollupsIn(bucket)
    const sha256 = createHash('sha256').update(Buffer.from(rollup!, 'latin1')).digest('hex')
    expect(JSON.parse(ledger!).rollupSha256).toBe(sha256)
  })

  test('a sample that was uploaded comes out as its truth says', async () => {
    const size = ['--pods', '60', '--records', '4000', '--objects', '14', '--seed', '5', '--cluster', 'shop']
    done(await place.run('sample', ['--out', 'sample', ...size]))
    const written = await place.files('sample')
    const { 'truth.json': truth, ...files } = written
    const bucket = await bucketOf(
      new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text, 'latin1')])),
    )
    const ended = await onS3('start', [...HOUR_ARGS, ...inBucket(bucket), '--json'])
    done(ended)
    const { hours } = JSON.parse(truth!) as { hours: { accounts: { crossZone: { bytes: number } } }[] }
    expect(JSON.parse(ended.stdout)).toMatchObject({
      hours: [{ crossZoneBytes: hours[0]!.accounts.crossZone.bytes }],
    })
  })

  test('record --once writes to the bucket, reads it back, and start counts by it', async () => {
    const bucket = await target.makeBucket()
    const api = await startKubeApi()
    try {
      for (const [name, zone] of [
        ['node-1', 'use2-az1'],
        ['node-2', 'use2-az2'],
      ] as const) {
        api.create('nodes', {
          ...nodeObject(name, '10.9.0.1'),
          metadata: { name, labels: { 'topology.k8s.aws/zone-id': zone } },
        })
      }
      makePod(api, 'cart', { addresses: ['10.0.1.5'], labels: { app: 'cart' }, node: 'node-1' })
      makePod(api, 'orders', { addresses: ['10.0.64.5'], labels: { app: 'orders' }, node: 'node-2' })
      await writeFile(place.path('home', 'kubeconfig'), kubeconfig(api.url))
      place.keepSecret(TOKEN)
      api.tokens.set(TOKEN, { name: 'recorder', may: () => true })
      api.anonymous = { name: 'system:anonymous', may: () => false }
      const args = ['--assignments', `s3://${bucket}/assignments`, '--cluster', 'shop']
      const once = [
        ...args,
        '--once',
        '--no-inventory',
        '--kubeconfig',
        'home/kubeconfig',
        '--json',
        '--quiet',
      ]
      for (const _time of [1, 2]) {
        const ended = await onS3('record', once)
        done(ended)
        expect(JSON.parse(ended.stdout)).toMatchObject({ cluster: 'shop', pods: 2, nodes: 2, problem: null })
      }
      expect(await onS3('record', [...args, '--status'])).toMatchObject({ status: 0 })
      const written = await target.keys(bucket, 'assignments/')
      expect(written.length).toBeGreaterThan(0)
      for (const key of written) {
        expect(key).toMatch(/^assignments\/cluster=shop\/dt=[\d-]{10}\/hour=\d\d\/[^/]+\.ndjson\.gz$/)
      }
    } finally {
      await api.close()
    }
  })

  test('query and report from a bucket say what they say from a folder, and write to a bucket', async () => {
    const bucket = await bucketOf(noisyHour(1))
    done(await onS3('start', [...HOUR_ARGS, ...inBucket(bucket)]))
    done(await place.run('start', [...HOUR_ARGS, ...inFolders()]))
    for (const question of ['pods', 'workloads', 'zones', 'SELECT sum(bytes) AS b FROM rollup']) {
      const args = [question, '--format', 'json', '--quiet']
      const far = await onS3('query', [...args, ...inBucket(bucket, ['rollups'])])
      const near = await place.run('query', [...args, ...inFolders(['rollups'])])
      done(far)
      expect(far.stdout).toBe(near.stdout)
      expect(JSON.parse(far.stdout).length).toBeGreaterThan(0)
    }
    const [csv, page] = [`s3://${bucket}/answers/a b.csv`, `s3://${bucket}/answers/report.html`]
    done(
      await onS3('query', [
        'pods',
        '--format',
        'csv',
        '--output',
        csv,
        '--quiet',
        ...inBucket(bucket, ['rollups']),
      ]),
    )
    done(await onS3('report', ['--out', page, '--quiet', ...inBucket(bucket, ['rollups'])]))
    done(await place.run('report', ['--out', 'report.html', '--quiet', ...inFolders(['rollups'])]))
    expect(await target.keys(bucket, 'answers/')).toEqual(['answers/a b.csv', 'answers/report.html'])
    const far = await target.get(bucket, 'answers/report.html')
    expect(far!.toString('latin1') === (await place.files('.'))['report.html']).toBe(true)
  })

  test('two buckets of logs count together, and one object named twice counts once', async () => {
    const one = await bucketOf(
      joined(
        assignmentFiles(),
        logFiles([[{ account: '111111111111' }, [...SMALL_LINES, record({ bytes: 1000 })]]]),
      ),
    )
    const two = await bucketOf(
      logFiles([[{ account: '222222222222' }, [...SMALL_LINES, record({ bytes: 2000 })]]]),
    )
    const logs = [`s3://${one}/logs`, `s3://${two}/logs`, `s3://${one}/logs/AWSLogs/`]
    const args = [
      ...HOUR_ARGS,
      ...logs.flatMap(uri => ['--logs', uri]),
      ...inBucket(one, ['assignments', 'rollups']),
    ]
    const ended = await onS3('start', [...args, '--json'])
    done(ended)
    expect(JSON.parse(ended.stdout)).toMatchObject({ hours: [{ crossZoneBytes: 2 * 340 + 3000 }] })
  })
})

const TOKEN = 'the-kubeconfigs-own-bearer-token'

function kubeconfig(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'demo', user: 'me' } }],
    clusters: [{ name: 'demo', cluster: { server } }],
    users: [{ name: 'me', user: { token: TOKEN } }],
  })
}
