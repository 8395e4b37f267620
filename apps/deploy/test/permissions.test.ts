// The roles are enough: every task runs as the template has it, command, variables and all, against an S3 server that
// allows what the task's role allows and forbids the rest. roles.test.ts has the other half, that they aren't more.
//
// As in S3, an object that isn't there is forbidden to who may not list, and a request for an object names no prefix.
// Source: Amazon S3 API Reference, GetObject, HeadObject, PutObject: permissions.

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startKubeApi, type KubeApi } from '../../../test/servers/kube-api.ts'
import { startS3Server, type S3Request, type S3Server } from '../../../test/servers/s3-server.ts'
import {
  ASSIGNMENTS,
  assignmentFiles,
  CLUSTER,
  HOUR,
  objectKey,
  objectOf,
  PARTITION,
  record,
  SMALL_LINES,
} from '../../../test/support/data-set.ts'
import { config, resourcesOf, templatesOf, textOf, type Json, type Resource } from './template.ts'

const ENTRY_POINT = fileURLToPath(new URL('../image/entrypoint.sh', import.meta.url))
const MOMENT = '2024-05-01T11:20:00Z'
const SHARDS = 2

// What the references of the template come to.
const REFERENCES: Readonly<Record<string, string>> = {
  '<AWS::Region>': 'us-east-2',
  '<AWS::AccountId>': '123456789012',
  '<AWS::Partition>': 'aws',
  '<FlowLog.Id>': 'fl-0aaa',
  '<BucketsData.Arn>': 'arn:aws:s3:::data',
  '<BucketsData>': 'data',
  '<BucketsFlowLogs.Arn>': 'arn:aws:s3:::flow-logs',
  '<BucketsFlowLogs>': 'flow-logs',
}

const resources = resolved(
  resourcesOf(templatesOf(config({ clusters: [{ name: CLUSTER }], worker: { shards: SHARDS } }))[0]!),
)

function resolved(found: Resource[]): Resource[] {
  let text = JSON.stringify(found)
  for (const [reference, value] of Object.entries(REFERENCES)) text = text.replaceAll(reference, value)
  return JSON.parse(text) as Resource[]
}

interface Statement {
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  readonly Condition?: {
    readonly StringLike?: { readonly 's3:prefix': string }
    readonly Null?: { readonly 's3:prefix': 'true' }
  }
}

function statementsOf(role: string): Statement[] {
  const { properties } = resources.find(({ id, type }) => type === 'AWS::IAM::Role' && id.startsWith(role))!
  const policies = properties['Policies'] as unknown as { PolicyDocument: { Statement: Statement[] } }[]
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
}

function like(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern
}

function allows(
  { Action, Resource, Condition }: Statement,
  action: string,
  resource: string,
  prefix: string | undefined,
): boolean {
  if (![Action].flat().includes(action) || ![Resource].flat().some(each => like(each, resource))) return false
  if (Condition?.StringLike !== undefined)
    return prefix !== undefined && like(Condition.StringLike['s3:prefix'], prefix)
  return Condition?.Null === undefined || prefix === undefined
}

const ACTIONS: Readonly<Record<string, string>> = {
  ListObjectsV2: 's3:ListBucket',
  HeadObject: 's3:GetObject',
  GetObject: 's3:GetObject',
  PutObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  DeleteObject: 's3:DeleteObject',
}

let s3: S3Server
let kube: KubeApi
let box: string
let forbidden: string[]

// The access key says as which role a process comes.
function judge(request: S3Request): { kind: 'error'; status: number; code: string } | null {
  const role = /Credential=(\w+)\//.exec(request.headers['authorization'] ?? '')?.[1] ?? ''
  const { bucket, key, operation, query } = request
  const may = (action: string, resource: string, prefix?: string) =>
    statementsOf(role).some(statement => allows(statement, action, resource, prefix))
  const bucketArn = `arn:aws:s3:::${bucket}`
  const action = ACTIONS[operation] ?? operation
  const listing = operation === 'ListObjectsV2'
  let good = may(action, listing ? bucketArn : `${bucketArn}/${key}`, listing ? query['prefix'] : undefined)
  if (request.headers['if-match'] !== undefined && operation !== 'GetObject') {
    good &&= may('s3:GetObject', `${bucketArn}/${key}`)
  }
  if (action === 's3:GetObject' && s3.get(bucket, key) === null) good &&= may('s3:ListBucket', bucketArn)
  if (good) return null
  forbidden.push(`${role} ${operation} ${bucket}/${listing ? query['prefix'] : key}`)
  return { kind: 'error', status: 403, code: 'AccessDenied' }
}

beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'zonetoll-permissions-'))
  s3 = await startS3Server({ buckets: ['data', 'flow-logs'] })
  s3.faults = judge
  kube = await startKubeApi()
  kube.create('nodes', {
    metadata: { name: 'node-1', labels: { 'topology.k8s.aws/zone-id': 'use2-az1' } },
    spec: { providerID: 'aws:///us-east-2a/i-01' },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.9' }] },
  })
  const named = { name: 'here' }
  await writeFile(
    join(box, 'kubeconfig'),
    JSON.stringify({
      clusters: [{ ...named, cluster: { server: kube.url } }],
      users: [{ ...named, user: {} }],
      contexts: [{ ...named, context: { cluster: 'here', user: 'here' } }],
      'current-context': 'here',
    }),
  )
  for (const [key, bytes] of assignmentFiles()) s3.put('data', key, bytes)
  s3.put('flow-logs', objectKey({ layout: 'hourly' }), objectOf(SMALL_LINES))
  s3.put('flow-logs', objectKey({ layout: 'hourly', hash: '2' }), objectOf([record({ bytes: 11 })]))
})

afterAll(async () => {
  await s3.close()
  await kube.close()
  await rm(box, { recursive: true })
})

beforeEach(() => {
  forbidden = []
})

interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

function run(
  role: string,
  command: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'],
    TMPDIR: box,
    HOME: box,
    AWS_ENDPOINT_URL_S3: s3.url,
    ZONETOLL_S3_PATH_STYLE: '1',
    AWS_ACCESS_KEY_ID: role,
    AWS_SECRET_ACCESS_KEY: 'secret',
    ...variables,
  }
  return new Promise(resolve => {
    const child = execFile(ENTRY_POINT, command, { cwd: box, env }, (_error, stdout, stderr) =>
      resolve({ status: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

function environmentOf(name: string): Record<string, string> {
  for (const { type, properties } of resources) {
    if (type !== 'AWS::ECS::TaskDefinition') continue
    const [container] = properties['ContainerDefinitions'] as unknown as {
      Name: string
      Environment: { Name: string; Value: string }[]
    }[]
    if (container!.Name === name)
      return Object.fromEntries(container!.Environment.map(each => [each.Name, each.Value]))
  }
  throw new Error(`no task has a container ${name}`)
}

/** The command that a schedule starts a task with. */
function scheduled(id: string): string[] {
  const { properties } = resources.find(
    each => each.type === 'AWS::Scheduler::Schedule' && each.id.startsWith(id),
  )!
  const input = JSON.parse(textOf((properties['Target'] as Record<string, Json>)['Input'])) as {
    containerOverrides: { command: string[] }[]
  }
  return input.containerOverrides[0]!.command.map(word =>
    word.replace('<aws.scheduler.scheduled-time>', MOMENT),
  )
}

/** The command that the state machine submits a job with. */
function submitted(state: string): string[] {
  const { properties } = resources.find(({ type }) => type === 'AWS::StepFunctions::StateMachine')!
  const { States } = JSON.parse(textOf(properties['DefinitionString'])) as {
    States: Record<string, { Arguments: { ContainerOverrides: { Command: string[] } } }>
  }
  return States[state]!.Arguments.ContainerOverrides.Command.map(word =>
    word.startsWith('{%') ? MOMENT : word,
  )
}

const ROLLUP = [`rollups/${PARTITION}_ledger.json`, `rollups/${PARTITION}rollup.parquet`]

function rollup(): (string | undefined)[] {
  return ROLLUP.map(key => {
    const bytes = s3.get('data', key)
    return bytes === null ? undefined : Buffer.from(bytes).toString('base64')
  })
}

function worker(): Promise<Ended> {
  return run(`Worker${CLUSTER}Role`, scheduled(`Worker${CLUSTER}Hourly`), environmentOf('worker'))
}

describe('the worker', () => {
  test('makes the hour, finds it current, and makes it anew when an object came late', async () => {
    const first = await worker()
    expect([first.status, first.stderr, forbidden]).toEqual([0, expect.any(String), []])
    const made = rollup()
    expect(made).not.toContain(undefined)
    expect(first.stdout).toContain('"NewestHourAge":1200')
    const second = await worker()
    expect([second.status, forbidden, rollup()]).toEqual([0, [], made])
    s3.put('flow-logs', objectKey({ layout: 'hourly', hash: '3' }), objectOf([record({ bytes: 12 })]))
    const third = await worker()
    expect([third.status, forbidden]).toEqual([0, []])
    expect(rollup()).not.toEqual(made)
  })

  test('in shards, by Batch’s variables, comes to the same bytes', async () => {
    const whole = rollup()
    for (const key of ROLLUP) s3.remove('data', key)
    for (let index = 0; index < SHARDS; index++) {
      const shard = await run(`Worker${CLUSTER}Role`, submitted('SubmitShards'), {
        ...environmentOf('worker'),
        AWS_BATCH_JOB_ARRAY_INDEX: String(index),
        AWS_BATCH_JOB_ARRAY_SIZE: String(SHARDS),
      })
      expect([shard.status, shard.stderr, forbidden]).toEqual([0, expect.any(String), []])
    }
    const merge = await run(`Worker${CLUSTER}Role`, submitted('SubmitMerge'), environmentOf('worker'))
    expect([merge.status, merge.stderr, forbidden]).toEqual([0, expect.any(String), []])
    expect(rollup()).toEqual(whole)
    expect(merge.stdout).toContain('"UnattributedShare"')
    expect(s3.keys('data').filter(key => key.startsWith(`rollups/`))).toEqual(ROLLUP)
  })

  test('may not write assignments, read other clusters, or list what isn’t its own', async () => {
    const variables = { ...environmentOf('worker'), ZONETOLL_CLUSTER: 'other' }
    for (const [key, bytes] of assignmentFiles(ASSIGNMENTS, { cluster: 'other' })) s3.put('data', key, bytes)
    const { status, stderr } = await run(
      `Worker${CLUSTER}Role`,
      ['start', '--hour', '2024-05-01T10'],
      variables,
    )
    expect(status).toBe(1)
    expect(stderr).toContain('s3:ListBucket')
    expect(forbidden).toContain(
      `Worker${CLUSTER}Role ListObjectsV2 data/assignments/cluster=other/dt=2024-05-01/hour=10/`,
    )
  })
})

describe('the recorder', () => {
  test('takes a snapshot, and its status is what the metric filter reads', async () => {
    const { ZONETOLL_EKS_CLUSTER: reachedByName, ...variables } = environmentOf('recorder')
    expect(reachedByName).toBe(CLUSTER)
    // The cluster is a server of this test, and EC2 isn't there.
    const snapshot = await run(`Recorder${CLUSTER}Role`, ['record', '--once', '--quiet', '--no-inventory'], {
      ...variables,
      KUBECONFIG: join(box, 'kubeconfig'),
    })
    expect([snapshot.status, snapshot.stderr, forbidden]).toEqual([0, '', []])
    const again = await run(`Recorder${CLUSTER}Role`, ['record', '--once', '--quiet', '--no-inventory'], {
      ...variables,
      KUBECONFIG: join(box, 'kubeconfig'),
    })
    expect([again.status, forbidden]).toEqual([0, []])
    const status = await run(
      `Recorder${CLUSTER}StatusRole`,
      scheduled(`Recorder${CLUSTER}Status`),
      environmentOf('status'),
    )
    expect([status.status, status.stderr, forbidden]).toEqual([0, '', []])
    const lines = status.stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0]!)).toMatchObject({
      cluster: CLUSTER,
      ageSeconds: expect.any(Number) as number,
    })
  })

  test('that is asked for its health answers with the recorder’s own role', async () => {
    const definition = resources.find(
      ({ properties, type }) =>
        type === 'AWS::ECS::TaskDefinition' && JSON.stringify(properties).includes('"HealthCheck"'),
    )
    const [container] = definition!.properties['ContainerDefinitions'] as unknown as {
      HealthCheck: { Command: string[] }
    }[]
    const [cmd, entryPoint, ...command] = container!.HealthCheck.Command
    expect([cmd, entryPoint]).toEqual(['CMD', '/zonetoll/apps/deploy/image/entrypoint.sh'])
    const health = await run(`Recorder${CLUSTER}Role`, command, environmentOf('recorder'))
    expect([health.status, health.stderr, forbidden]).toEqual([0, '', []])
  })
})

test('the hour of this test is the one that settled by the moment of its schedule', () => {
  expect(new Date((HOUR + 3600 + 20 * 60) * 1000).toISOString()).toBe(MOMENT.replace('Z', '.000Z'))
})
