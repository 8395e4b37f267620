// Servers that answer otherwise than S3: each answer is understood, or an error that says what is wrong.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { openLocation, type ObjectStore } from '../src/index.ts'
import { failure, list, noise, pointAt, QUICK } from './stores.ts'

const SERVER_MEMBERS = '<Name>b</Name><Prefix></Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys>'

let server: Server | null = null

afterEach(async () => {
  server?.closeAllConnections()
  await new Promise(resolve => (server === null ? resolve(null) : server.close(resolve)))
  server = null
})

async function storeOf(
  answer: (request: IncomingMessage, response: ServerResponse, number: number) => void,
): Promise<ObjectStore> {
  let number = 0
  server = createServer((request, response) => {
    request.resume().on('end', () => answer(request, response, number++))
  })
  await new Promise<void>(resolve => server!.listen(0, '127.0.0.1', resolve))
  pointAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    ZONETOLL_S3_PATH_STYLE: '1',
    AWS_MAX_ATTEMPTS: '1',
  })
  return openLocation('s3://b', QUICK).store
}

function listing(members: string, keys: readonly string[] = []): string {
  const contents = keys.map(
    key =>
      `<Contents><Key>${key}</Key><LastModified>2024-05-01T10:00:00.000Z</LastModified><ETag>"e"</ETag><Size>1</Size></Contents>`,
  )
  return `<?xml version="1.0"?><ListBucketResult>${SERVER_MEMBERS}${members}${contents.join('')}</ListBucketResult>`
}

describe('a listing', () => {
  test('that is cut and doesn’t say where it goes on is an error, not the end', async () => {
    const store = await storeOf((_request, response) =>
      response.end(listing('<IsTruncated>true</IsTruncated><NextMarker>a</NextMarker>', ['a'])),
    )
    expect(await failure(list(store, ''))).toMatchObject({
      reason: 'failed',
      message: expect.stringContaining("s3://b/: the server's listing can't be followed") as unknown,
    })
  })

  test('that goes on where it was is an error, and not asked for ever', async () => {
    let asked = 0
    const store = await storeOf((_request, response) => {
      asked++
      response.end(
        listing('<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>', ['a']),
      )
    })
    expect((await failure(list(store, ''))).message).toContain('not from where on')
    expect(asked).toBe(2)
  })

  test.each([
    ['a page of a portal', '<html><body>Log in, please.</body></html>'],
    ['nothing', ''],
  ])('that is %s is no empty bucket', async (_what, body) => {
    const store = await storeOf((_request, response) => response.end(body))
    expect((await failure(list(store, 'logs/'))).message).toMatch(/^s3:\/\/b\/logs\/: .*/)
  })

  test('with a key that can’t be decoded is an error that names the prefix', async () => {
    const store = await storeOf((_request, response) =>
      response.end(listing('<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>', ['a%zz'])),
    )
    expect((await failure(list(store, 'logs/'))).message).toBe(
      's3://b/logs/: the call failed (URIError: URI malformed)',
    )
  })
})

const conditional = ({ headers }: IncomingMessage) => 'if-none-match' in headers

describe('a conditional write', () => {
  test.each([412, 409])('that is answered with %i and no body is a conflict', async status => {
    const store = await storeOf((_request, response) => response.writeHead(status).end())
    expect(await failure(store.write('k', noise(10), { expected: null }))).toMatchObject({
      reason: 'conflict',
    })
  })

  test.each([
    [501, 'NotImplemented'],
    [405, 'MethodNotAllowed'],
    [400, 'InvalidArgument'],
    [400, 'InvalidRequest'],
  ])('that is answered with %i %s is made without the condition, behind a look', async (status, code) => {
    const seen: string[] = []
    const store = await storeOf((request, response) => {
      seen.push(`${request.method}${conditional(request) ? ' on condition' : ''}`)
      if (request.method === 'HEAD') response.writeHead(404).end()
      else if (conditional(request)) response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`)
      else response.writeHead(200, { ETag: '"e"' }).end()
    })
    expect(await store.write('k', noise(10), { expected: null })).toBe('e')
    expect(seen).toEqual(['PUT on condition', 'HEAD', 'PUT'])
  })

  test('that is wrong in another way says so, and the next is on condition again', async () => {
    const seen: boolean[] = []
    const store = await storeOf((request, response) => {
      if (request.method === 'PUT') seen.push(conditional(request))
      if (request.method === 'HEAD') response.writeHead(404).end()
      else response.writeHead(400).end('<Error><Code>InvalidArgument</Code><Message>no</Message></Error>')
    })
    for (let times = 0; times < 2; times++) {
      expect((await failure(store.write('k', noise(10), { expected: null }))).message).toContain(
        'HTTP 400 InvalidArgument: no',
      )
    }
    expect(seen).toEqual([true, false, true, false])
  })
})

test.each([
  [
    501,
    'notSupported',
    /doesn't know such a request .*AWS_REQUEST_CHECKSUM_CALCULATION=WHEN_REQUIRED may help$/,
  ],
  [507, 'full', /has no room left .*; make room there, then run again$/],
  [500, 'busy', /can't serve now/],
] as const)('an answer of %i is told by what helps', async (status, reason, message) => {
  const store = await storeOf((_request, response) => response.writeHead(status).end())
  const error = await failure(store.write('k', noise(10)))
  expect(error.reason).toBe(reason)
  expect(error.message).toMatch(message)
})
