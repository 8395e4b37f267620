import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { S3Fault, S3Request, S3Server } from '../../../test/servers/s3-server.ts'
import { openLocation, type ObjectStore, type StoredObject } from '../src/index.ts'
import { BUCKET, bytesOf, list, noise, pointAt, QUICK, s3Place, stored, until, failure } from './stores.ts'

const MIB = 1024 * 1024

let server: S3Server
let store: ObjectStore
beforeEach(async () => {
  const place = await s3Place()
  server = place.server
  store = place.store
})
afterEach(() => server.close())

/** The fault for the first requests of that operation, as many as are given; the last one for ever if it says so. */
function fail(operation: string, ...faults: (S3Fault | null | 'for ever')[]): void {
  let at = 0
  server.faults = request => {
    if (request.operation !== operation) return null
    if (faults[at + 1] === 'for ever') return faults[at] as S3Fault
    return (faults[at++] ?? null) as S3Fault | null
  }
}

function asked(operation: string): readonly S3Request[] {
  return server.requests.filter(request => request.operation === operation)
}

function answerError(status: number, code: string, message: string, headers?: Record<string, string>): void {
  server.faults = () => ({ kind: 'error', status, code, message, ...(headers ? { headers } : {}) })
}

async function put(size: number): Promise<{ object: StoredObject; bytes: Buffer }> {
  const bytes = noise(size)
  server.put(BUCKET, 'k', bytes)
  const object = await stored(store, 'k')
  server.clearRequests()
  return { object, bytes }
}

describe('a body that does not come whole', () => {
  test('goes on from the byte reached, of the same object, wherever it is cut', async () => {
    const { object, bytes } = await put(100_000)
    for (const after of [0, 1, 2, 65_535, 65_536, 65_537, 99_999]) {
      server.clearRequests()
      fail('GetObject', { kind: 'cut', after })
      expect((await bytesOf(store.read(object))).equals(bytes)).toBe(true)
      const [first, second] = asked('GetObject')
      expect(first!.headers['range']).toBeUndefined()
      expect(first!.headers['if-match']).toBe(`"${object.etag}"`)
      expect(second!.headers['if-match']).toBe(`"${object.etag}"`)
      if (after > 0) expect(second!.headers['range']).toMatch(/^bytes=\d+-$/)
      expect(Number(/\d+/.exec(second!.headers['range'] ?? '0')![0])).toBeLessThanOrEqual(after)
    }
  })

  test('is whole when the connection breaks after its last byte', async () => {
    const { object, bytes } = await put(1000)
    fail('GetObject', { kind: 'cut', after: 1000 })
    expect((await bytesOf(store.read(object))).equals(bytes)).toBe(true)
  })

  test('is read to its end however often it is cut, as long as it moves', async () => {
    const { object, bytes } = await put(20_000)
    server.faults = ({ operation }) => (operation === 'GetObject' ? { kind: 'cut', after: 1500 } : null)
    expect((await bytesOf(store.read(object))).equals(bytes)).toBe(true)
    expect(asked('GetObject').length).toBeGreaterThan(10)
  })

  test('is an error that says where, when five attempts bring no byte', async () => {
    const { object } = await put(20_000)
    fail('GetObject', { kind: 'cut', after: 700 }, { kind: 'cut', after: 0 }, 'for ever')
    const error = await failure(bytesOf(store.read(object)))
    expect(error.reason).toBe('cut')
    expect(error.message).toContain(`s3://${BUCKET}/k`)
    expect(error.message).toContain('byte 700 of 20000')
    expect(asked('GetObject').length).toBe(6)
  })

  test('goes on after a stall', async () => {
    const { object, bytes } = await put(100_000)
    fail('GetObject', { kind: 'stall', after: 40_000 }, { kind: 'stall', after: 0 })
    const begin = Date.now()
    expect((await bytesOf(store.read(object))).equals(bytes)).toBe(true)
    expect(Date.now() - begin).toBeGreaterThan(400)
    await until(() => server.openAnswers() === 0)
  })

  test('is an error when it stalls for ever', async () => {
    const { object } = await put(1000)
    fail('GetObject', { kind: 'stall', after: 10 }, { kind: 'stall', after: 0 }, 'for ever')
    const error = await failure(bytesOf(store.read(object)))
    expect(error.reason).toBe('stalled')
    expect(error.message).toContain('byte 10 of 1000')
  })

  test('does not stall because its consumer is slow', async () => {
    const { object, bytes } = await put(2 * MIB)
    const parts: Uint8Array[] = []
    for await (const chunk of store.read(object)) {
      if (parts.length === 0) await new Promise(resolve => setTimeout(resolve, 2 * QUICK.stallTimeoutMs))
      parts.push(chunk)
    }
    expect(Buffer.concat(parts).equals(bytes)).toBe(true)
    expect(asked('GetObject').length).toBe(1)
  })

  test('goes on when it ends early without an error', async () => {
    const { object, bytes } = await put(10_000)
    fail('GetObject', { kind: 'shorten', after: 4000 })
    expect((await bytesOf(store.read(object))).equals(bytes)).toBe(true)
  })

  test('is an error when it is longer than listed', async () => {
    const { object } = await put(10_000)
    fail('GetObject', { kind: 'lengthen', extra: Buffer.from('more') })
    expect(await failure(bytesOf(store.read(object)))).toMatchObject({ reason: 'changed' })
  })
})

describe('an object that changes', () => {
  test('is an error when it changes between two parts of its body', async () => {
    const { object } = await put(10_000)
    server.faults = ({ operation, headers }) => {
      if (operation !== 'GetObject') return null
      if (headers['range'] !== undefined) server.put(BUCKET, 'k', noise(10_000, 7))
      return headers['range'] === undefined ? { kind: 'cut', after: 5000 } : null
    }
    const error = await failure(bytesOf(store.read(object)))
    expect(error.reason).toBe('changed')
    expect(error.message).toContain('changed meanwhile')
  })

  test('is an error too where the server passes over If-Match and Range', async () => {
    const { object } = await put(10_000)
    fail('GetObject', { kind: 'cut', after: 5000 }, { kind: 'ignoreConditions' })
    expect(await failure(bytesOf(store.read(object)))).toMatchObject({ reason: 'changed' })
    server.put(BUCKET, 'k', noise(10_000, 7))
    fail('GetObject', { kind: 'ignoreConditions' })
    expect(await failure(bytesOf(store.read(object)))).toMatchObject({ reason: 'changed' })
    await until(() => server.openAnswers() === 0)
  })
})

describe('a server that fails', () => {
  const busy: S3Fault = {
    kind: 'error',
    status: 503,
    code: 'SlowDown',
    message: 'Please reduce your request rate.',
  }

  test('is asked again while it is busy', async () => {
    const { object, bytes } = await put(10)
    fail('GetObject', busy, busy)
    expect((await bytesOf(store.read(object))).equals(bytes)).toBe(true)
    fail('ListObjectsV2', busy, { kind: 'reset' })
    expect(await list(store, '')).toEqual(['k'])
    fail('PutObject', busy)
    await store.write('k2', noise(10))
    expect(server.keys(BUCKET)).toEqual(['k', 'k2'])
  })

  test('is an error when it stays busy', async () => {
    pointAt(server.url, { AWS_MAX_ATTEMPTS: '2' })
    fail('ListObjectsV2', busy, 'for ever')
    const error = await failure(list(store, 'logs/'))
    expect(error.reason).toBe('busy')
    expect(error.message).toContain(`s3://${BUCKET}/logs/`)
    expect(error.message).toContain('reduce your request rate')
    expect(asked('ListObjectsV2').length).toBe(2)
  })

  test('is an error when it never answers', async () => {
    pointAt(server.url, { AWS_MAX_ATTEMPTS: '2' })
    server.faults = () => ({ kind: 'silence' })
    expect(await failure(list(store, ''))).toMatchObject({ reason: 'stalled' })
    expect(await failure(store.write('k', noise(10)))).toMatchObject({ reason: 'stalled' })
  })

  test('ends a request at once when the signal is aborted, also between attempts', async () => {
    for (const fault of [{ kind: 'silence' }, busy] as const) {
      server.faults = () => fault
      const abort = new AbortController()
      const begin = Date.now()
      setTimeout(() => abort.abort(new Error('enough')), 50)
      await expect(list(store, '', { signal: abort.signal })).rejects.toThrow('enough')
      expect(Date.now() - begin).toBeLessThan(900)
    }
    await until(() => server.openAnswers() === 0)
  })
})

describe('an error names the URI and the remedy', () => {
  test('for a missing bucket', async () => {
    const { store: missing } = openLocation('s3://no-such-bucket/logs', QUICK)
    for (const call of [() => list(missing, 'logs/'), () => missing.write('k', noise(1))]) {
      const { reason, message } = await failure(call())
      expect(reason).toBe('missingBucket')
      expect(message).toMatch(/^s3:\/\/no-such-bucket\/.*no-such-bucket does not exist; check/)
    }
    expect(await missing.head('k')).toBeNull()
  })

  test('for access denied, also to HEAD, which has no body', async () => {
    answerError(
      403,
      'AccessDenied',
      'User: arn:aws:iam::1:user/x is not authorized to perform: s3:ListBucket',
    )
    const listing = await failure(list(store, ''))
    expect(listing.reason).toBe('refused')
    expect(listing.message).toContain('is not authorized to perform')
    expect(listing.message).toContain('s3:ListBucket')
    const head = await failure(store.head('k'))
    expect(head.reason).toBe('refused')
    expect(head.message).toContain('s3:GetObject')
  })

  test('for wrong and for expired credentials', async () => {
    answerError(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    )
    expect((await failure(list(store, ''))).message).toContain('AWS_ACCESS_KEY_ID')
    answerError(400, 'ExpiredToken', 'The provided token has expired.')
    expect(await failure(list(store, ''))).toMatchObject({ reason: 'refused' })
    expect((await failure(list(store, ''))).message).toContain('log in again')
  })

  test('for no credentials at all', async () => {
    pointAt(server.url)
    delete process.env['AWS_ACCESS_KEY_ID']
    delete process.env['AWS_SECRET_ACCESS_KEY']
    const { reason, message } = await failure(list(store, ''))
    expect(reason).toBe('noCredentials')
    expect(message).toContain('AWS_PROFILE')
  })

  test('for a bucket in another region', async () => {
    answerError(301, 'PermanentRedirect', 'The bucket must be addressed otherwise.', {
      'x-amz-bucket-region': 'eu-west-1',
    })
    for (const call of [() => list(store, ''), () => store.head('k')]) {
      const { reason, message } = await failure(call())
      expect(reason).toBe('wrongRegion')
      expect(message).toContain('set AWS_REGION to eu-west-1')
    }
  })

  test('for an endpoint that nothing answers at', async () => {
    const unused = createServer()
    await new Promise<void>(resolve => unused.listen(0, '127.0.0.1', resolve))
    const { port } = unused.address() as { port: number }
    await new Promise(resolve => unused.close(resolve))
    pointAt(`http://127.0.0.1:${port}`, { AWS_MAX_ATTEMPTS: '1' })
    const { reason, message } = await failure(list(store, ''))
    expect(reason).toBe('unreachable')
    expect(message).toContain('AWS_ENDPOINT_URL_S3')
  })

  test('for an archived object', async () => {
    const { object } = await put(10)
    answerError(403, 'InvalidObjectState', "The operation is not valid for the object's storage class")
    expect(await failure(bytesOf(store.read(object)))).toMatchObject({ reason: 'archived' })
  })

  test('and never a secret', async () => {
    pointAt(server.url, { AWS_SECRET_ACCESS_KEY: 'very-secret', AWS_SESSION_TOKEN: 'very-secret-token' })
    for (const [status, code] of [
      [403, 'SignatureDoesNotMatch'],
      [400, 'InvalidToken'],
      [500, 'InternalError'],
      [400, 'Whatever'],
    ] as const) {
      answerError(status, code, 'no')
      expect((await failure(list(store, ''))).message).not.toMatch(/very-secret|AKIATEST|Signature=/)
    }
  })
})

describe('a large write', () => {
  const partBytes = 5 * MIB
  let large: ObjectStore
  let folder: string
  beforeEach(async () => {
    large = openLocation(`s3://${BUCKET}`, { ...QUICK, partBytes }).store
    folder = await mkdtemp(join(tmpdir(), 'zonetoll-large-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('goes up in parts and arrives whole, from memory and from a file', async () => {
    const bytes = noise(2 * partBytes + 12_345)
    await large.write('memory', bytes)
    await writeFile(join(folder, 'source'), bytes)
    await large.write('file', { file: join(folder, 'source') })
    expect(asked('UploadPart').length).toBe(6)
    for (const key of ['memory', 'file']) expect(Buffer.compare(server.get(BUCKET, key)!, bytes)).toBe(0)
    expect(server.openUploads(BUCKET)).toBe(0)
  })

  test('of exactly one part is put at once', async () => {
    await large.write('k', noise(partBytes))
    expect(asked('PutObject').length).toBe(1)
    expect(asked('CreateMultipartUpload').length).toBe(0)
  })

  test('whose source is cut short while it goes up publishes nothing and leaves no parts', async () => {
    const source = join(folder, 'source')
    await writeFile(source, noise(4 * partBytes))
    server.put(BUCKET, 'k', 'old')
    let cutShort = Promise.resolve()
    server.faults = ({ operation }) => {
      if (operation === 'CreateMultipartUpload') cutShort = truncate(source, partBytes + 1000)
      return null
    }
    const { reason, message } = await failure(large.write('k', { file: source }))
    await cutShort
    expect(reason).toBe('changed')
    expect(message).toContain(source)
    expect(String(server.get(BUCKET, 'k'))).toBe('old')
    expect(server.openUploads(BUCKET)).toBe(0)
    expect(asked('AbortMultipartUpload').length).toBe(1)
  })

  test('one of whose parts is refused publishes nothing and leaves no parts', async () => {
    server.faults = ({ query }) =>
      query['partNumber'] === '2' ? { kind: 'error', status: 403, code: 'AccessDenied' } : null
    expect(await failure(large.write('k', noise(3 * partBytes)))).toMatchObject({ reason: 'refused' })
    expect(server.keys(BUCKET)).toEqual([])
    expect(server.openUploads(BUCKET)).toBe(0)
  })

  test('that is aborted ends at once, publishes nothing and leaves no parts', async () => {
    const abort = new AbortController()
    server.faults = ({ query }) => {
      if (query['partNumber'] !== '2') return null
      setTimeout(() => abort.abort(new Error('enough')), 20)
      return { kind: 'silence' }
    }
    const begin = Date.now()
    await expect(large.write('k', noise(3 * partBytes), { signal: abort.signal })).rejects.toThrow('enough')
    expect(Date.now() - begin).toBeLessThan(2000)
    expect(server.keys(BUCKET)).toEqual([])
    expect(server.openUploads(BUCKET)).toBe(0)
  })
})

describe('the client', () => {
  test('takes a key part .. and other odd paths as they are', async () => {
    for (const key of ['a/../b', '../x', 'a//b', '/a', './a', 'a/', 'a/.']) {
      await store.write(key, Buffer.from(key))
      expect(server.keys(BUCKET)).toEqual([key])
      expect(await list(store, '')).toEqual([key])
      expect(String(await bytesOf(store.read(await stored(store, key))))).toBe(key)
      await store.delete(key)
    }
  })

  test('asks path-style when told to', async () => {
    pointAt(server.url.replace('127.0.0.1', 'localhost'), { ZONETOLL_S3_PATH_STYLE: '1' })
    await store.write('k', noise(1))
    expect(server.requests.at(-1)!.path).toBe(`/${BUCKET}/k`)
  })

  test('signs for the configured region, and for us-east-1 where none is', async () => {
    await list(store, '')
    expect(server.requests.at(-1)!.headers['authorization']).toContain('/us-east-1/s3/')
    pointAt(server.url, { AWS_REGION: 'eu-west-1' })
    await list(store, '')
    expect(server.requests.at(-1)!.headers['authorization']).toContain('/eu-west-1/s3/')
  })
})
