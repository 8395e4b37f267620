// Nothing that opens a door is said or written: every command, when all goes well and when it fails, with
// ZONETOLL_DEBUG=1, and all files and objects that it leaves, searched for the secrets it was given. Each other test of
// this folder searches what its commands say likewise (commands.ts).

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { makePod, nodeObject } from '../../apps/recorder/test/cluster-fixture.ts'
import { startKubeApi, type KubeApi } from '../servers/kube-api.ts'
import { startS3Server, type S3Fault, type S3Server } from '../servers/s3-server.ts'
import { HOUR_TEXT, PARTITION, smallHour } from '../support/data-set.ts'
import { Place, type CommandName, type Ended } from './commands.ts'
import { leaksIn, secretsOf } from './secrets.ts'

const BUCKET = 'flows'
const KEY_ID = 'AKIAIOSFODNN7EXAMPLE'
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const SESSION = 'IQoJb3JpZ2luX2VjEXAMPLE//////////wEaDmFwLW5vcnRoZWFzdC0xIkcwRQIhA=='
const BEARER = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IkVYQU1QTEUifQ.eyJzdWIiOiJ0ZXN0In0.c2lnbmF0dXJl'
const SIGNATURE = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'

const uris = (names: readonly string[]) => names.flatMap(name => [`--${name}`, `s3://${BUCKET}/${name}`])
const COMMANDS: readonly (readonly [CommandName, readonly string[]])[] = [
  ['start', ['--hour', HOUR_TEXT, '--all-pairs', '--json', ...uris(['logs', 'assignments', 'rollups'])]],
  ['start', ['--hour', HOUR_TEXT, ...uris(['logs', 'assignments', 'rollups'])]],
  ['start', ['--hour', HOUR_TEXT, '--shard', '0/1', ...uris(['logs', 'assignments', 'rollups'])]],
  ['merge', ['--hour', HOUR_TEXT, '--cluster', 'shop', ...uris(['assignments', 'rollups'])]],
  [
    'start',
    [
      '--due',
      '--scheduled-time',
      '2024-05-01T11:20:00Z',
      '--lookback',
      '1',
      '--emf',
      ...uris(['logs', 'assignments', 'rollups']),
    ],
  ],
  [
    'record',
    [
      '--once',
      '--no-inventory',
      '--kubeconfig',
      'home/kubeconfig',
      '--cluster',
      'live',
      '--spill',
      'spill',
      ...uris(['assignments']),
    ],
  ],
  ['record', ['--status', '--cluster', 'live', ...uris(['assignments'])]],
  [
    'query',
    [
      'pods',
      '--output',
      `s3://${BUCKET}/answers/pods.csv`,
      '--format',
      'csv',
      '--cluster',
      'shop',
      ...uris(['rollups']),
    ],
  ],
  ['report', ['--out', `s3://${BUCKET}/answers/report.html`, '--cluster', 'shop', ...uris(['rollups'])]],
  ['sample', ['--out', 'sample', '--records', '1000', '--pods', '60']],
]

let place: Place
let server: S3Server
let api: KubeApi
/** An API of EKS that knows one cluster, which nothing answers for. */
let eks: Server

beforeAll(async () => {
  place = await Place.make()
  server = await startS3Server({ buckets: [BUCKET], accessKeyId: KEY_ID, secretAccessKey: SECRET })
  for (const [key, body] of smallHour()) server.put(BUCKET, key, body)
  api = await startKubeApi()
  const labels = { 'topology.k8s.aws/zone-id': 'use2-az1' }
  api.create('nodes', { ...nodeObject('node-1', '10.0.1.9'), metadata: { name: 'node-1', labels } })
  makePod(api, 'cart', { addresses: ['10.0.1.5'], labels: { app: 'cart' } })
  api.tokens.set(BEARER, { name: 'recorder', may: () => true })
  api.anonymous = { name: 'system:anonymous', may: () => false }
  await writeFile(place.path('home', 'kubeconfig'), kubeconfig(api.url))
  await writeFile(place.path('home', 'away'), kubeconfig('http://127.0.0.1:1'))
  eks = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    const cluster = { name: 'shop', endpoint: 'https://127.0.0.1:1', certificateAuthority: { data: '' } }
    response.end(JSON.stringify({ cluster }))
  })
  await new Promise<void>(resolve => eks.listen(0, '127.0.0.1', resolve))
  for (const secret of [BEARER, SIGNATURE]) place.keepSecret(secret)
})

afterAll(async () => {
  for (const key of server.keys(BUCKET))
    place.search(`s3://${BUCKET}/${key}`, Buffer.from(server.get(BUCKET, key)!).toString('latin1'))
  eks.close()
  await api.close()
  await server.close()
  // Throws what leaked.
  await place.close()
})

function kubeconfig(url: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'demo', user: 'me' } }],
    clusters: [{ name: 'demo', cluster: { server: url } }],
    users: [{ name: 'me', user: { token: BEARER } }],
  })
}

async function run(
  name: CommandName,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  return await place.run(name, args, {
    env: {
      AWS_ENDPOINT_URL_S3: server.url,
      AWS_REGION: 'us-east-2',
      ZONETOLL_S3_PATH_STYLE: '1',
      AWS_ACCESS_KEY_ID: KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_SESSION_TOKEN: SESSION,
      AWS_MAX_ATTEMPTS: '1',
      ZONETOLL_DEBUG: '1',
      ...env,
    },
  })
}

/** What a server says that knows what was asked, and tells all of it. */
const TALKATIVE = `no: AWS4-HMAC-SHA256 Credential=${KEY_ID}/20240501/us-east-2/s3/aws4_request, SignedHeaders=host, Signature=${SIGNATURE}; Authorization: Bearer ${BEARER}; X-Amz-Security-Token=${SESSION} ${SECRET}`

test.each(COMMANDS)('pnpm %s %j, when all goes well', async (name, args) => {
  const ended = await run(name, args)
  expect(ended.status, ended.stderr).toBe(0)
})

const FAULTS: readonly (readonly [string, S3Fault])[] = [
  [
    'refuses and repeats what it was asked',
    { kind: 'error', status: 403, code: 'SignatureDoesNotMatch', message: TALKATIVE },
  ],
  [
    'fails and repeats what it was asked',
    { kind: 'error', status: 400, code: 'Strange', message: TALKATIVE },
  ],
]
describe.each(FAULTS)('with a server that %s', (_what, fault) => {
  const asking = COMMANDS.filter(([name]) => name !== 'sample')
  test.each(asking)('pnpm %s %j', async (name, args) => {
    server.faults = () => fault
    // Something to make, and nothing in the cache.
    for (const key of server.keys(BUCKET))
      if (key.startsWith(`rollups/${PARTITION}`)) server.remove(BUCKET, key)
    const ended = await run(name, args)
    server.faults = () => null
    expect(ended.status, ended.stderr).toBe(1)
    expect(ended.stderr).toMatch(/^(?:warning|error): /m)
  })
})

test('a session token of a profile, which a server repeats as the header that it came in', async () => {
  const token = 'IQoJb3JpZ2luX2VjEOf+/profile+only/0123456789='
  place.keepSecret(token)
  const file = place.path('home', 'credentials')
  await writeFile(
    file,
    `[default]\naws_access_key_id = ${KEY_ID}\naws_secret_access_key = ${SECRET}\naws_session_token = ${token}\n`,
  )
  const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '' }
  server.faults = () => ({
    kind: 'error',
    status: 400,
    code: 'Strange',
    message: `no: x-amz-security-token: ${token}; encoded ${encodeURIComponent(`x-amz-security-token=${token}`)}`,
  })
  const args = ['--hour', HOUR_TEXT, ...uris(['logs', 'assignments', 'rollups'])]
  const ended = await run('start', args, { ...none, AWS_SHARED_CREDENTIALS_FILE: file })
  server.faults = () => null
  expect(ended.status, ended.stderr).toBe(1)
  expect(ended.stderr).toContain('x-amz-security-token: [hidden]')
})

describe('given by mistake', () => {
  const presigned = `https://flows.s3.us-east-2.amazonaws.com/logs?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${KEY_ID}%2F20240501&X-Amz-Security-Token=${encodeURIComponent(SESSION)}&X-Amz-Signature=${SIGNATURE}`

  test.each([
    ['a presigned address', presigned],
    ['a presigned address as a key', `s3://flows/logs?X-Amz-Signature=${SIGNATURE}`],
  ])('%s for a location', async (_what, uri) => {
    const ended = await run('start', ['--hour', HOUR_TEXT, '--logs', uri, '--assignments', uri])
    expect([1, 2]).toContain(ended.status)
    expect(ended.stderr).toContain('[hidden]')
  })

  test('a secret for an option', async () => {
    for (const args of [
      ['--cluster', SECRET],
      ['--hour', SECRET],
      ['--settle', SECRET],
      ['--shard', SESSION],
      [SECRET],
    ]) {
      expect(await run('start', ['--hour', HOUR_TEXT, ...args])).toMatchObject({ status: 2 })
    }
  })
})

describe('the cluster', () => {
  const record = [
    '--once',
    '--no-inventory',
    '--cluster',
    'live',
    '--spill',
    'spill',
    ...uris(['assignments']),
  ]

  test('that is not there', async () => {
    expect(await run('record', [...record, '--kubeconfig', 'home/away'])).toMatchObject({ status: 1 })
  })

  test.each([401, 403, 500])('that answers %i', async status => {
    api.faults.push(() => ({ kind: 'status', status }))
    const ended = await run('record', [...record, '--kubeconfig', 'home/kubeconfig'])
    api.faults.length = 0
    expect(ended.status, ended.stderr).toBe(1)
  })

  test('that is reached by its name in EKS, with a token that is a presigned address', async () => {
    const { port } = eks.address() as AddressInfo
    const env = { AWS_ENDPOINT_URL_EKS: `http://127.0.0.1:${port}` }
    const ended = await run(
      'record',
      ['--once', '--no-inventory', '--eks-cluster', 'shop', '--spill', 'spill', ...uris(['assignments'])],
      env,
    )
    expect(ended.status, ended.stderr).toBe(1)
  })
})

describe('the search itself', () => {
  const secrets = secretsOf({
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_SESSION_TOKEN: SESSION,
    AWS_REGION: 'us-east-2',
    HOME: '/root',
  })

  test('knows the secrets of an environment, and what is none', () => {
    expect(secrets).toEqual([SECRET, SESSION])
  })

  test.each([
    ['a secret', `a ${SECRET} b`],
    ['its percent-encoding', encodeURIComponent(SESSION)],
    ['its base64', `x${Buffer.from(SECRET).toString('base64')}y`],
    ['a presigned address', `https://b/k?X-Amz-Signature=${SIGNATURE}`],
    ['a header', `Authorization: AWS4-HMAC-SHA256 Credential=x, Signature=${SIGNATURE}`],
    ['a bearer token', `authorization: Bearer ${BEARER}`],
    ['an EKS token', 'k8s-aws-v1.aHR0cHM6'],
    ['a key', '-----BEGIN RSA PRIVATE KEY-----'],
  ])('finds %s', (_what, text) => {
    expect(leaksIn(`before ${text} behind`, secrets).length).toBeGreaterThan(0)
  })

  test('finds nothing in what is harmless', () => {
    expect(leaksIn(`${KEY_ID} Bearer [hidden] Signature=[hidden] SignatureDoesNotMatch`, secrets)).toEqual([])
  })

  test('fails the place where a command says one', async () => {
    const careless = await Place.make()
    careless.keepSecret('a-secret-that-is-told')
    await writeFile(careless.path('told.txt'), 'this is a-secret-that-is-told')
    await expect(careless.close()).rejects.toThrow(
      'secrets leak:\nthe file told.txt: a secret of the environment',
    )
  })
})
