// Keys and prefixes with odd characters, as `aws s3` takes them: nothing in a URI is encoded, and all of it is the key's.
//
// Against the S3 server of this process, which computes each signature a second time from the bytes that came: a key
// that the client encodes otherwise than S3 does is refused. moto refuses right signatures of keys with + ' ( ) * ! , : ; $
// or other than ASCII (aws-cli's too), so it gets those that it can take; a server that is given gets all.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocation, StoreError, type ObjectStore } from '@zonetoll/objects'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { BUCKET, bytesOf, list, noise, pointAt, stored } from '../../packages/objects/test/stores.ts'
import { startS3Server, type S3Server } from '../servers/s3-server.ts'
import { HOUR_TEXT, PARTITION, smallHour } from '../support/data-set.ts'
import { Place } from './commands.ts'
import { s3Target, s3Wanted, type S3Target } from './s3-target.ts'

const KEY_ID = 'AKIATEST'
const SECRET = 'the/secret+of=these-tests'
const ODD = [
  'a b',
  ' a ',
  'a+b',
  '50%',
  'a%20b',
  'a%2Fb',
  'ü/日本',
  "it's",
  '"quoted"',
  '<b>&amp;',
  'a#b',
  'a?b=c',
  'a&b=c',
  '..',
  '../..',
  'a/../b',
  './a',
  'a//b',
  'a;b,c',
  '(a)*!',
  'a:b@c$d',
  'a=b~c_d-e',
  '{a}|[b]^`',
  'a\\b',
  'tab\tline\nfeed',
  '\u001b[31m',
  '𝕏',
  'e\u0301',
  '\u202eabc',
  'x'.repeat(500),
] as const
/** A process each: those that a command line, a URI or a path could take for something else. */
const PREFIXES = ODD.filter(key =>
  /^(?: a |a\+b|a%2Fb|ü|it's|a#b|a\?b=c|\.\.$|a\/\.\.|a\/\/b|a;b|tab)/.test(key),
)
/** Of which moto takes the signature. */
const FOR_MOTO = /^[A-Za-z0-9 %"<>&#?=./@~_{}|[\]^`\\-]+$/

let server: S3Server

beforeAll(async () => {
  server = await startS3Server({ buckets: [BUCKET], accessKeyId: KEY_ID, secretAccessKey: SECRET })
})
afterAll(async () => {
  await server.close()
})

function point(): void {
  pointAt(server.url, { AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET })
}

// A key's beginning is text too: half a surrogate pair is none.
function withoutLast(key: string): string {
  return Array.from(key).slice(0, -1).join('')
}

/** S3 takes any key; other servers may refuse some: then by one line that says which, and nothing stands. */
async function expectRoundTripOrRefusal(store: ObjectStore, key: string): Promise<void> {
  const refusal = await store.write(key, Buffer.from(key)).then(
    () => null,
    (error: unknown) => error,
  )
  if (refusal === null) return await expectRoundTrip(store, key)
  expect(refusal).toBeInstanceOf(StoreError)
  expect((refusal as StoreError).message).toMatch(/^s3:\/\/[^\n]+$/)
  expect(await list(store, '')).not.toContain(key)
}

async function expectRoundTrip(store: ObjectStore, key: string): Promise<void> {
  const etag = await store.write(key, Buffer.from(key))
  const object = await stored(store, key)
  expect(object).toMatchObject({ key, size: Buffer.byteLength(key), etag })
  expect(String(await bytesOf(store.read(object)))).toBe(key)
  expect(await list(store, key)).toEqual([key])
  expect(await list(store, '', { startAfter: withoutLast(key) })).toContain(key)
  await expect(store.write(key, Buffer.from('x'), { expected: null })).rejects.toMatchObject({
    reason: 'conflict',
  })
  await store.delete(key)
  expect(await store.head(key)).toBeNull()
}

describe('by a server that checks signatures', () => {
  test('the signature is looked at', async () => {
    point()
    process.env['AWS_SECRET_ACCESS_KEY'] = 'another-secret-of-tests'
    await expect(list(openLocation(`s3://${BUCKET}`).store, '')).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringContaining('SignatureDoesNotMatch'),
    })
  })

  test.each(ODD)('the key %j is written, found, read and removed as it is', async key => {
    point()
    await expectRoundTrip(openLocation(`s3://${BUCKET}`).store, key)
    expect(server.keys(BUCKET)).toEqual([])
  })

  test('any key is', async () => {
    point()
    const { store } = openLocation(`s3://${BUCKET}`)
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter(text => text.isWellFormed())
    await fc.assert(
      fc.asyncProperty(key, each => expectRoundTrip(store, each)),
      { seed: 20240501, numRuns: 100 },
    )
    expect(server.keys(BUCKET)).toEqual([])
  })

  test('a large body goes up in signed parts', async () => {
    point()
    const { store } = openLocation(`s3://${BUCKET}`)
    const body = noise(9 * 1024 * 1024)
    const folder = await mkdtemp(join(tmpdir(), 'zonetoll-odd-'))
    await writeFile(join(folder, 'body'), body)
    await store.write("large+it's ü", { file: join(folder, 'body') }, { expected: null })
    expect(Buffer.compare(server.get(BUCKET, "large+it's ü")!, body)).toBe(0)
    server.remove(BUCKET, "large+it's ü")
    await rm(folder, { recursive: true })
  })

  test.each(PREFIXES)('pnpm start reads and writes below the prefix %j', async prefix => {
    await expectHourBelow(prefix, BUCKET, {
      put: (key, body) => Promise.resolve(server.put(BUCKET, key, body)),
      keys: () => Promise.resolve(server.keys(BUCKET)),
      env: {
        ...NO_REAL_ONE,
        AWS_ENDPOINT_URL_S3: server.url,
        AWS_ACCESS_KEY_ID: KEY_ID,
        AWS_SECRET_ACCESS_KEY: SECRET,
      },
    })
    for (const key of server.keys(BUCKET)) server.remove(BUCKET, key)
  })
})

const NO_REAL_ONE = { AWS_REGION: 'us-east-1', ZONETOLL_S3_PATH_STYLE: '1' }

async function expectHourBelow(
  prefix: string,
  bucket: string,
  far: {
    put(key: string, body: Uint8Array | string): Promise<void>
    keys(): Promise<string[]>
    readonly env: Readonly<Record<string, string>>
  },
): Promise<void> {
  for (const [key, body] of smallHour()) await far.put(`${prefix}/${key}`, body)
  const place = await Place.make()
  try {
    const args = ['logs', 'assignments', 'rollups'].flatMap(name => [
      `--${name}`,
      `s3://${bucket}/${prefix}/${name}`,
    ])
    const ended = await place.run('start', ['--hour', HOUR_TEXT, ...args, '--json'], { env: far.env })
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const folder = `${prefix}/rollups/${PARTITION}`
    expect((await far.keys()).filter(key => key.startsWith(folder))).toEqual([
      `${folder}_ledger.json`,
      `${folder}rollup.parquet`,
    ])
    expect(JSON.parse(ended.stdout)).toMatchObject({ hours: [{ crossZoneBytes: 340 }] })
  } finally {
    await place.close()
  }
}

describe.runIf(s3Wanted())('by a real server', () => {
  let target: S3Target
  let bucket: string
  beforeAll(async () => {
    target = await s3Target()
    bucket = await target.makeBucket()
  })
  afterAll(async () => {
    await target.close()
  })
  const taken = ODD.filter(key => process.env['ZONETOLL_TEST_S3_ENDPOINT'] || FOR_MOTO.test(key))

  test.each(taken)('the key %j is written, found, read and removed as it is', async key => {
    pointAt(target.url, target.environment)
    const { store } = openLocation(`s3://${bucket}`)
    await (target.moto === null ? expectRoundTripOrRefusal(store, key) : expectRoundTrip(store, key))
  })

  test.each(taken.slice(1, 4))('pnpm start reads and writes below the prefix %j', async prefix => {
    await expectHourBelow(prefix, bucket, {
      put: (key, body) => target.put(bucket, key, body),
      keys: () => target.keys(bucket),
      env: target.environment,
    })
  })
})
