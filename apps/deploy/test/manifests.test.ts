// The manifests for kubectl, read as Kubernetes reads them; and every command line and variable of theirs and of the
// stack, held against the options that the commands have.

import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { KUBERNETES_GROUP } from '../src/recorder.ts'
import { config, resourcesOf, templatesOf, textOf, type Json } from './template.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name?: string
    readonly namespace?: string
    readonly labels?: Record<string, string>
  }
  readonly [key: string]: unknown
}

function manifestsOf(path: string): Manifest[] {
  return parseAllDocuments(readFileSync(ROOT + path, 'utf8'), { strict: true, uniqueKeys: true }).map(
    document => {
      expect(document.errors).toEqual([])
      return document.toJS() as Manifest
    },
  )
}

const files = ['apps/deploy/kubernetes', 'apps/deploy/demo'].flatMap(folder =>
  readdirSync(ROOT + folder).map(name => `${folder}/${name}`),
)
const all = files.flatMap(manifestsOf)

interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value: string }[]
  readonly securityContext: object
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
}

interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string> }
  readonly spec: {
    readonly securityContext: object
    readonly initContainers?: readonly Container[]
    readonly containers: readonly Container[]
    readonly volumes?: readonly { readonly name: string }[]
  }
}

const workloads = all
  .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
  .map(manifest => {
    const spec = manifest['spec'] as {
      template: PodTemplate
      selector?: { matchLabels: Record<string, string> }
    }
    return {
      name: manifest.metadata.name ?? (manifest.metadata as { generateName: string }).generateName,
      manifest,
      spec,
    }
  })

function containerOf(manifest: Manifest): Container {
  return (manifest['spec'] as { template: PodTemplate }).template.spec.containers[0]!
}

test('there are these files, and each manifest says what it is', () => {
  expect(files.sort()).toEqual([
    'apps/deploy/demo/client-and-server.yaml',
    'apps/deploy/kubernetes/hour-merge.yaml',
    'apps/deploy/kubernetes/hour-shards.yaml',
    'apps/deploy/kubernetes/recorder-access.yaml',
    'apps/deploy/kubernetes/worker-account.yaml',
  ])
  for (const { apiVersion, kind } of all)
    expect([typeof apiVersion, typeof kind]).toEqual(['string', 'string'])
})

describe('the recorder’s access', () => {
  const [role, binding] = manifestsOf('apps/deploy/kubernetes/recorder-access.yaml')

  test('reads nodes and pods, gets replicasets, and nothing else', () => {
    expect(role!['rules']).toEqual([
      { apiGroups: [''], resources: ['nodes', 'pods'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get'] },
    ])
  })

  test('is given to the group that the stack’s access entry names', () => {
    expect(binding!['subjects']).toEqual([
      { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: KUBERNETES_GROUP },
    ])
    expect(binding!['roleRef']).toMatchObject({ kind: 'ClusterRole', name: role!.metadata.name })
  })

  test('is the one that the recorder’s own file has', () => {
    const own = manifestsOf('apps/recorder/cluster-role.yaml')
    expect([own[0]!['rules'], own[1]!['subjects']]).toEqual([role!['rules'], binding!['subjects']])
  })
})

describe.each(workloads)('$name', ({ manifest, spec }) => {
  const pod = spec.template
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]

  test('meets the restricted pod security standard, with a read-only root file system', () => {
    expect(pod.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    for (const container of containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
    }
    const enforced = all.find(
      ({ kind, metadata }) => kind === 'Namespace' && metadata.name === manifest.metadata.namespace,
    )
    expect(enforced!.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' })
  })

  test('pins its images, mounts what it has, selects its own pods', () => {
    for (const { image, volumeMounts = [] } of containers) {
      expect(image).toMatch(/:\d+\.\d+\.\d+$/)
      const volumes = (pod.spec.volumes ?? []).map(({ name }) => name)
      expect(volumes).toEqual(expect.arrayContaining(volumeMounts.map(({ name }) => name)))
    }
    expect(pod.metadata.labels).toMatchObject(spec.selector?.matchLabels ?? {})
  })
})

describe('an hour in the cluster', () => {
  const [shards] = manifestsOf('apps/deploy/kubernetes/hour-shards.yaml')
  const [merge] = manifestsOf('apps/deploy/kubernetes/hour-merge.yaml')

  test('is shared by as many pods as are completed, and merged from as many', () => {
    expect(shards!['spec']).toMatchObject({ completionMode: 'Indexed', completions: 8, maxFailedIndexes: 0 })
    for (const manifest of [shards!, merge!]) {
      expect(containerOf(manifest).env).toEqual([{ name: 'ZONETOLL_SHARDS', value: '8' }])
    }
  })

  test('is the same hour in both, spelt once, so that sed can change it', () => {
    for (const name of ['hour-shards', 'hour-merge']) {
      const text = readFileSync(`${ROOT}apps/deploy/kubernetes/${name}.yaml`, 'utf8')
      const lines = text.split('\n').filter(line => !line.startsWith('#') && line.includes('2024-05-01T10'))
      expect(lines).toHaveLength(1)
    }
  })

  test('runs as the account, with the options, that worker-account.yaml has', () => {
    const account = manifestsOf('apps/deploy/kubernetes/worker-account.yaml')
    const name = (kind: string) => account.find(each => each.kind === kind)!.metadata.name
    for (const manifest of [shards!, merge!]) {
      const { spec } = (manifest['spec'] as { template: { spec: Record<string, unknown> } }).template
      expect(spec['serviceAccountName']).toBe(name('ServiceAccount'))
      expect(containerOf(manifest)).toMatchObject({
        envFrom: [{ configMapRef: { name: name('ConfigMap') } }],
      })
    }
  })
})

test('the demo spreads two servers over two zones behind a Service', () => {
  const [, server, service] = manifestsOf('apps/deploy/demo/client-and-server.yaml')
  expect(server!['spec']).toMatchObject({
    replicas: 2,
    template: {
      spec: {
        topologySpreadConstraints: [
          { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
        ],
      },
    },
  })
  expect(service!['spec']).toMatchObject({
    selector: { app: 'server' },
    ports: [{ port: 80, targetPort: 'http' }],
  })
})

describe('every option that is given', () => {
  const options: Record<string, Set<string>> = {}

  beforeAll(async () => {
    const helps = {
      start: 'worker/src/main.ts',
      merge: 'worker/src/merge.ts',
      record: 'recorder/src/main.ts',
    }
    for (const [name, file] of Object.entries(helps)) {
      const help = await new Promise<string>((resolve, reject) => {
        execFile(process.execPath, [`${ROOT}apps/${file}`, '--help'], (error, stdout) =>
          error === null ? resolve(stdout) : reject(error),
        )
      })
      options[name] = new Set([...help.matchAll(/^ {2}(--[a-z-]+)/gm)].map(match => match[1]!))
    }
  })

  // Each with the variables beside it.
  const commands: (readonly [command: readonly string[], variables: readonly string[]])[] = []
  const variants = [
    config({ worker: { shards: 8 } }),
    config({ recorder: { mode: 'scheduled' } }),
    config({
      flowLog: {
        kind: 'existing',
        logs: ['s3://logs'],
        flowLogIds: ['fl-0a'],
        roleArn: 'arn:aws:iam::111122223333:role/reader',
      },
    }),
  ]
  const find = (value: Json, variables: readonly string[]): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      const at = value.findIndex(word => word === 'start' || word === 'merge' || word === 'record')
      if (at >= 0) commands.push([value.slice(at) as string[], variables])
      else for (const each of value) find(each, variables)
      return
    }
    const { Environment } = value as { Environment?: readonly { Name: string }[] }
    const named = Environment?.map(({ Name }) => Name) ?? variables
    for (const each of Object.values(value)) find(each, named)
  }
  for (const { type, properties } of variants.flatMap(each => resourcesOf(templatesOf(each)[0]!))) {
    if (type === 'AWS::Scheduler::Schedule') {
      find(JSON.parse(textOf((properties['Target'] as Record<string, Json>)['Input'])) as Json, [])
    } else if (type === 'AWS::StepFunctions::StateMachine') {
      find(JSON.parse(textOf(properties['DefinitionString'])) as Json, [])
    } else find(properties, [])
  }
  const account = manifestsOf('apps/deploy/kubernetes/worker-account.yaml').find(
    ({ kind }) => kind === 'ConfigMap',
  )!
  for (const { spec, manifest } of workloads) {
    if (manifest.metadata.namespace !== 'zonetoll') continue
    const [container] = spec.template.spec.containers
    const variables = [...Object.keys(account['data'] as object), ...container!.env!.map(({ name }) => name)]
    commands.push([container!.args!, variables])
  }

  test('was found', () => {
    const names = commands.map(([[name]]) => name)
    expect(new Set(names)).toEqual(new Set(['start', 'merge', 'record']))
    expect(commands.length).toBeGreaterThan(10)
  })

  test('is one that the command has', () => {
    const unknown = new Set<string>()
    for (const [[name, ...words], variables] of commands) {
      for (const word of words) {
        if (word.startsWith('--') && !options[name!]!.has(word)) unknown.add(`${name} ${word}`)
      }
      for (const variable of variables.filter(each => each.startsWith('ZONETOLL_'))) {
        const option = `--${variable.slice('ZONETOLL_'.length).toLowerCase().replaceAll('_', '-')}`
        // start and merge share their variables; merge reads no logs.
        const known = options[name!]!.has(option) || (name === 'merge' && options['start']!.has(option))
        if (!known) unknown.add(`${name} ${variable}`)
      }
    }
    expect([...unknown]).toEqual([])
  })
})
