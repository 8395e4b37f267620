import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LatestSightings } from '@zonetoll/assignments'
import { formatHour, hourOf } from '@zonetoll/model'
import { openLocation } from '@zonetoll/objects'

import { startKubeApi, type KubeApi } from '../../../test/servers/kube-api.ts'
import { startS3Server } from '../../../test/servers/s3-server.ts'
import { makePod, nodeObject } from './cluster-fixture.ts'
import { partitionLines, scratchFolder } from './log-fixture.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

let folder: Awaited<ReturnType<typeof scratchFolder>>
let api: KubeApi
const children = new Set<ChildProcess>()
beforeEach(async () => {
  folder = await scratchFolder()
  api = await startKubeApi()
  const labels = { 'topology.k8s.aws/zone-id': 'use2-az1' }
  api.create('nodes', { ...nodeObject('node-1', '10.0.1.9'), metadata: { name: 'node-1', labels } })
  makePod(api, 'cart', { addresses: ['10.0.1.5'], labels: { app: 'cart' } })
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'demo', user: 'me' } }],
    clusters: [{ name: 'demo', cluster: { server: api.url } }],
    users: [{ name: 'me', user: {} }],
  }
  await writeFile(`${folder.path}/kubeconfig`, JSON.stringify(kubeconfig))
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  await api.close()
  await folder.remove()
})

interface Ran {
  readonly status: number | null
  readonly output: string
  readonly errors: string
}

interface Running {
  readonly child: ChildProcess
  readonly ran: Promise<Ran>
  errors(): string
}

function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder.path,
    env: {
      PATH: process.env['PATH'],
      HOME: folder.path,
      KUBECONFIG: `${folder.path}/kubeconfig`,
      AWS_EC2_METADATA_DISABLED: 'true',
      ZONETOLL_SPILL: `${folder.path}/spill`,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const ran = once(child, 'close').then(([status]) => ({ status: status as number | null, output, errors }))
  return { child, ran, errors: () => errors }
}

const run = (args: readonly string[], environment?: Readonly<Record<string, string>>) =>
  start(args, environment).ran

async function written(): Promise<Record<string, unknown>> {
  const latest = new LatestSightings()
  for (const line of await partitionLines(
    openLocation(`${folder.path}/assignments`),
    hourOf(Date.now() / 1000),
  )) {
    latest.add(line)
  }
  return Object.fromEntries(
    [...latest.lines()].map(line => ['name' in line ? line.name : line.uid, 'until' in line && line.until]),
  )
}

async function objectsOf(cluster: string): Promise<string[]> {
  const keys: string[] = []
  const { store } = openLocation(`${folder.path}/assignments`)
  for await (const entry of store.list(`cluster=${cluster}/`))
    if ('object' in entry) keys.push(entry.object.key)
  return keys
}

const until = async (what: string, holds: () => boolean | Promise<boolean>) => {
  const deadline = performance.now() + 20_000
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`)
    await sleep(50)
  }
}

describe('pnpm record --once', () => {
  test('takes a snapshot under the name that the kubeconfig gives, and --status is well after it', async () => {
    const once1 = await run(['--once', '--no-inventory'])
    expect(once1).toMatchObject({
      status: 0,
      output: expect.stringMatching(
        /^demo: 1 pods, 1 nodes, 0 interfaces, 0 subnets; written to .*assignments\/cluster=demo\/dt=/,
      ),
    })
    expect(await written()).toEqual({ cart: Infinity, 'node-1': Infinity })
    api.delete('pods', 'shop/cart', 0)
    makePod(api, 'cart-2', { addresses: ['10.0.1.5'] })
    const once2 = await run(['--once', '--no-inventory', '--json', '--quiet'])
    expect(once2).toMatchObject({ status: 0, errors: '' })
    expect(JSON.parse(once2.output)).toMatchObject({ cluster: 'demo', pods: 1, nodes: 1, problem: null })
    expect(await written()).toEqual({ cart: expect.any(Number), 'cart-2': Infinity, 'node-1': Infinity })
    const status = await run(['--status', '--json'])
    expect(status.status).toBe(0)
    expect(JSON.parse(status.output)).toMatchObject({
      cluster: 'demo',
      stale: false,
      pods: 1,
      nodes: 1,
      interfaces: 0,
    })
    const stale = await run(['--status', '--stale', '1s'])
    expect(stale.status === 1 || JSON.parse(status.output).ageSeconds <= 1).toBe(true)
  })

  test('without a permission fails, names it, and writes nothing', async () => {
    api.anonymous = { name: 'system:anonymous', may: ({ plural }) => plural !== 'pods' }
    const { status, errors } = await run(['--once', '--no-inventory'])
    expect(status).toBe(1)
    expect(errors).toMatch(/list.*pods/)
    await expect(written()).rejects.toThrow(/does not exist/)
  })

  test('with a log that is refused fails, and says that it waits on disk', async () => {
    const server = await startS3Server({ buckets: ['zonetoll'] })
    const environment = {
      ...server.environment,
      AWS_MAX_ATTEMPTS: '1',
      ZONETOLL_ASSIGNMENTS: 's3://zonetoll/log',
    }
    server.faults = ({ method }) =>
      method === 'PUT' ? { kind: 'error', status: 503, code: 'ServiceUnavailable' } : null
    const failed = await run(['--once', '--no-inventory'], environment)
    expect(failed.status).toBe(1)
    expect(failed.errors).toMatch(/warning: the assignment log can't be written/)
    expect(failed.errors).toMatch(
      /error: 1 objects of the assignment log couldn't be written and wait in .*spill.*next start/,
    )
    server.faults = () => null
    expect((await run(['--once', '--no-inventory'], environment)).status).toBe(0)
    expect(server.keys('zonetoll')).toHaveLength(2)
    await server.close()
  })
})

describe('pnpm record', () => {
  test('records changes as they come, and SIGTERM makes it write what it has and end with 0, well within 10 s', async () => {
    const recorder = start(['--no-inventory', '--flush', '1s'])
    await until('the pod is in the log', async () => 'cart' in (await written().catch(() => ({}))))
    makePod(api, 'late', { addresses: ['10.0.1.6'] })
    await until('the new pod is in the log', async () => 'late' in (await written()))
    api.delete('pods', 'shop/cart', 0)
    await sleep(200)
    const asked = performance.now()
    recorder.child.kill('SIGTERM')
    const { status, errors } = await recorder.ran
    expect({ status, errors }).toMatchObject({
      status: 0,
      errors: expect.stringMatching(/^recording cluster demo into /),
    })
    expect(performance.now() - asked).toBeLessThan(5_000)
    expect(await written()).toEqual({ cart: expect.any(Number), late: Infinity, 'node-1': Infinity })
    expect((await written())['cart']).not.toBe(Infinity)
  })

  test('SIGTERM while the log does not answer: what it has is on disk within 10 s, and the next start writes it', async () => {
    const server = await startS3Server({ buckets: ['zonetoll'] })
    const environment = { ...server.environment, ZONETOLL_ASSIGNMENTS: 's3://zonetoll/log' }
    const recorder = start(['--no-inventory', '--flush', '60s'], environment)
    await until('it watches', () => [...api.watches].length === 2)
    server.faults = ({ method }) => (method === 'PUT' ? { kind: 'silence' } : null)
    const asked = performance.now()
    recorder.child.kill('SIGTERM')
    const { status, errors } = await recorder.ran
    expect(performance.now() - asked).toBeLessThan(10_000)
    expect(errors).toMatch(/warning: 1 objects of the assignment log couldn't be written and wait in/)
    expect(status).toBe(130)
    server.faults = () => null
    const next = await run(['--once', '--no-inventory'], environment)
    expect(next).toMatchObject({ status: 0 })
    expect(server.keys('zonetoll')).toHaveLength(2)
    await server.close()
  })

  test('starts when the API server is away, says so, and records when it is there', async () => {
    await api.refuseConnections()
    const recorder = start(['--no-inventory', '--flush', '1s', '--cluster', 'mine'])
    await until('it complains', () => recorder.errors().includes('warning:'))
    await api.listen()
    await until('the log is there', async () => (await objectsOf('mine').catch(() => [])).length > 0)
    recorder.child.kill('SIGTERM')
    expect((await recorder.ran).status).toBe(0)
  })

  test('without AWS warns what is lost by it and goes on; with ZONETOLL_NO_INVENTORY=1 it does not ask', async () => {
    const { status, errors } = await run(['--once'], { AWS_REGION: 'us-east-2' })
    expect(status).toBe(0)
    expect(errors).toMatch(
      /warning: ec2:DescribeNetworkInterfaces can't be asked: there are no AWS credentials.*have no name.*--no-inventory/,
    )
    expect((await run(['--once', '--quiet'], { ZONETOLL_NO_INVENTORY: '1' })).errors).toBe('')
    expect(
      (await run(['--once', '--quiet'], { ZONETOLL_NO_INVENTORY: '0', AWS_REGION: 'us-east-2' })).errors,
    ).toMatch(/ec2:/)
  })
})

describe('pnpm record --from-csv', () => {
  test('imports into the hour that is named, and tells the zone map where a zone is not known', async () => {
    await writeFile(`${folder.path}/pods.csv`, 'a,10.0.0.1,app,2024-05-01T09:00:00Z,node,us-east-2a\n')
    const args = ['--from-csv', 'pods.csv', '--cluster', 'old', '--hour', '2024-05-01T10', '--no-inventory']
    const bad = await run(args)
    expect(bad).toMatchObject({
      status: 1,
      errors: expect.stringMatching(/pods\.csv, line 1: .*--zone-map us-east-2a=/),
    })
    const good = await run([...args, '--zone-map', 'us-east-2a=use2-az1', '--json'])
    expect(good).toMatchObject({ status: 0, errors: '' })
    expect(JSON.parse(good.output)).toMatchObject({
      cluster: 'old',
      hours: [{ hour: '2024-05-01T10', pods: 1 }],
    })
    const now = await run(['--from-csv', 'pods.csv', '--zone-map', 'us-east-2a=use2-az1'])
    expect(now).toMatchObject({
      status: 0,
      output: expect.stringMatching(new RegExp(`^${formatHour(hourOf(Date.now() / 1000))}: 1 pods`)),
    })
  })
})

describe('wrong arguments', () => {
  test('end with exit status 2 and say what was expected', async () => {
    const cases: [string[], string][] = [
      [['--once', '--status'], '--once and --status exclude each other'],
      [['--hour', '2024-05-01T10'], '--hour goes with --from-csv'],
      [['--zone-map', 'a=b'], '--zone-map goes with --from-csv'],
      [['--eks-cluster', 'a', '--context', 'b'], '--eks-cluster needs no kubeconfig'],
      [['--flush', '0'], 'Expected a duration like 60s or 5m, from 1s to 1h'],
      [['--stale', '25h'], 'Expected a duration'],
      [['--cluster', '../up'], 'Expected a cluster name'],
      [['--namespace', 'Shop'], 'Expected a namespace'],
      [['--assignments', 'ftp://x'], '--assignments: the location "ftp://x"'],
      [['--status'], 'which cluster? The log ./assignments has none yet'],
    ]
    const results = await Promise.all(cases.map(([args]) => run(args)))
    for (const [index, [args, problem]] of cases.entries()) {
      expect({ args, ...results[index] }).toMatchObject({
        args,
        status: 2,
        errors: expect.stringContaining(problem),
      })
    }
  })

  test('a kubeconfig whose cluster has no usable name asks for --cluster', async () => {
    const kubeconfig = {
      contexts: [{ name: 'here', context: { cluster: 'k3d:x/y', user: 'me' } }],
      'current-context': 'here',
      clusters: [{ name: 'k3d:x/y', cluster: { server: api.url } }],
      users: [{ name: 'me', user: {} }],
    }
    await writeFile(`${folder.path}/other`, JSON.stringify(kubeconfig))
    const { status, errors } = await run(['--once', '--kubeconfig', `${folder.path}/other`])
    expect({ status, errors }).toMatchObject({
      status: 2,
      errors: expect.stringContaining('name it with --cluster'),
    })
  })
})
