// The options of `pnpm record`, checked before anything is read.

import { tmpdir } from 'node:os'
import { join } from 'node:path'

import {
  BadValue,
  UsageError,
  type CommandDefinition,
  type runCommand,
  readCluster,
  readText,
} from '@zonetoll/command'
import { parseHour, type Hour } from '@zonetoll/model'

type Command = Parameters<Parameters<typeof runCommand>[1]>[0]

export type RecordMode = 'watch' | 'once' | 'status' | 'from-csv'

export interface RecorderOptions {
  readonly mode: RecordMode
  readonly assignments: string
  readonly cluster: string | null
  readonly flushMillis: number
  /** Null: EC2 isn't asked. */
  readonly inventory: { readonly everyMillis: number; readonly vpcId: string | null } | null
  readonly appLabels: readonly string[]
  readonly labels: readonly string[]
  readonly namespaces: readonly string[]
  readonly eksCluster: string | null
  readonly kubeconfig: string | null
  readonly context: string | null
  readonly spill: string
  readonly fromCsv: string | null
  readonly hours: readonly Hour[]
  /** Zone names to zone IDs, as said with --zone-map. */
  readonly zoneMap: ReadonlyMap<string, string>
  readonly staleMillis: number
  readonly quiet: boolean
  readonly json: boolean
}

const DEFAULT_APP_LABELS = ['app.kubernetes.io/name', 'app']
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DEFAULT_FLUSH = MINUTE
const DEFAULT_INVENTORY = 5 * MINUTE
const DEFAULT_STALE = 10 * MINUTE

export const RECORD: CommandDefinition = {
  name: 'pnpm record',
  description: [
    'Keeps the assignment log: which pod, node or network interface held which address, when, in which zone.',
    'Watches the Kubernetes API and asks EC2 now and then, until it is stopped; with --once it takes one snapshot.',
  ].join('\n'),
  options: [
    {
      flags: '--assignments <uri>',
      description:
        'where the log is kept: s3://bucket/prefix, file:///dir or a path (default: ./assignments)',
      parse: readText,
    },
    {
      flags: '--cluster <name>',
      description:
        "the cluster's name in the log (default: --eks-cluster, or the kubeconfig context's cluster)",
      parse: readCluster,
    },
    { flags: '--once', description: 'take one snapshot, compare it with what the log last said, and stop' },
    {
      flags: '--eks-cluster <name>',
      description: 'reach this EKS cluster by its name, with AWS credentials and no kubeconfig',
      parse: readCluster,
    },
    {
      flags: '--kubeconfig <path>',
      description: "the kubeconfig (default: KUBECONFIG, else ~/.kube/config, else a pod's service account)",
      parse: readText,
    },
    {
      flags: '--context <name>',
      description: 'a context of the kubeconfig (default: its current one)',
      parse: readText,
    },
    {
      flags: '--namespace <name>',
      description: 'record the pods of this namespace only; may be repeated (default: all)',
      parse: readNamespace,
      repeatable: true,
    },
    {
      flags: '--app-label <key>',
      description: `pod labels to keep because they name the app; may be repeated (default: ${DEFAULT_APP_LABELS.join(', ')})`,
      parse: readText,
      repeatable: true,
    },
    {
      flags: '--label <key>',
      description: 'more pod labels to keep; may be repeated',
      parse: readText,
      repeatable: true,
    },
    {
      flags: '--flush <duration>',
      description:
        'how often changes are written, and the most that a crash loses: 30, 60s or 5m (default: 60s)',
      parse: text => readDuration(text, SECOND, [SECOND, HOUR]),
    },
    {
      flags: '--inventory-every <duration>',
      description: 'how often EC2 is asked for zones, subnets and network interfaces (default: 5m)',
      parse: text => readDuration(text, SECOND, [10 * SECOND, 24 * HOUR]),
    },
    { flags: '--no-inventory', description: "don't ask EC2: what isn't a pod or a node has no name" },
    {
      flags: '--vpc-id <id>',
      description: "ask EC2 for this VPC's subnets and interfaces only (default: the region's)",
      parse: readVpcId,
    },
    {
      flags: '--spill <folder>',
      description: `where what is recorded waits while the log can't be written (default: ${join(tmpdir(), 'zonetoll-spill')})`,
      parse: readText,
    },
    {
      flags: '--from-csv <file>',
      description:
        "import the older solution's pods_metadata.csv (name,ip,app,creation_time,node,az) and stop",
      parse: readText,
    },
    {
      flags: '--hour <hour>',
      description:
        'with --from-csv: the UTC hour to import into, as 2024-05-01T10; may be repeated (default: the current one)',
      parse: readHour,
      repeatable: true,
    },
    {
      flags: '--zone-map <name=id>',
      description:
        'with --from-csv: the zone ID of a zone name, as us-east-2a=use2-az1; may be repeated (default: EC2 is asked)',
      parse: readZone,
      repeatable: true,
    },
    {
      flags: '--status',
      description:
        'say what was last written and what holds, and stop; exit status 1 when that is older than --stale',
    },
    {
      flags: '--stale <minutes>',
      description: 'with --status: how old the newest line may be: 10, 10m or 1h (default: 10)',
      parse: text => readDuration(text, MINUTE, [SECOND, 24 * HOUR]),
    },
    { flags: '--quiet', description: 'no messages but of what goes wrong' },
    { flags: '--json', description: 'one JSON line at the end on standard output' },
  ],
  examples: [
    'pnpm record --eks-cluster demo --assignments s3://zonetoll/assignments',
    'pnpm record --once --context staging --cluster staging --assignments ./assignments --no-inventory',
    'pnpm record --status --assignments s3://zonetoll/assignments --cluster demo',
    'pnpm record --from-csv pods_metadata.csv --cluster demo --hour 2024-05-01T10 --zone-map us-east-2a=use2-az1',
  ],
}

/** What commander read, as options. Throws UsageError. */
export function readOptions(command: Command): RecorderOptions {
  const given: {
    assignments?: string
    cluster?: string
    once?: boolean
    eksCluster?: string
    kubeconfig?: string
    context?: string
    namespace?: string[]
    appLabel?: string[]
    label?: string[]
    flush?: number
    inventoryEvery?: number
    inventory?: boolean | string
    vpcId?: string
    spill?: string
    fromCsv?: string
    hour?: Hour[]
    zoneMap?: (readonly [string, string])[]
    status?: boolean
    stale?: number
    quiet?: boolean
    json?: boolean
  } = command.opts()
  const mode = modeOf(given)
  if (given.eksCluster !== undefined && (given.kubeconfig !== undefined || given.context !== undefined)) {
    throw new UsageError(
      '--eks-cluster needs no kubeconfig: leave out --kubeconfig and --context, or --eks-cluster',
    )
  }
  if (mode !== 'from-csv') {
    if (given.hour !== undefined)
      throw new UsageError('--hour goes with --from-csv: what is watched has its own hour')
    if (given.zoneMap !== undefined) throw new UsageError('--zone-map goes with --from-csv')
  }
  return {
    mode,
    assignments: given.assignments ?? './assignments',
    cluster: given.cluster ?? given.eksCluster ?? null,
    flushMillis: given.flush ?? DEFAULT_FLUSH,
    inventory: isInventoryAsked(given.inventory)
      ? { everyMillis: given.inventoryEvery ?? DEFAULT_INVENTORY, vpcId: given.vpcId ?? null }
      : null,
    appLabels: given.appLabel ?? DEFAULT_APP_LABELS,
    labels: given.label ?? [],
    namespaces: [...new Set(given.namespace)],
    eksCluster: given.eksCluster ?? null,
    kubeconfig: given.kubeconfig ?? null,
    context: given.context ?? null,
    spill: given.spill ?? join(tmpdir(), 'zonetoll-spill'),
    fromCsv: given.fromCsv ?? null,
    hours: [...new Set(given.hour)],
    zoneMap: new Map(given.zoneMap),
    staleMillis: given.stale ?? DEFAULT_STALE,
    quiet: given.quiet ?? false,
    json: given.json ?? false,
  }
}

function modeOf(given: {
  readonly once?: boolean
  readonly status?: boolean
  readonly fromCsv?: string
}): RecordMode {
  const modes: RecordMode[] = []
  if (given.once === true) modes.push('once')
  if (given.status === true) modes.push('status')
  if (given.fromCsv !== undefined) modes.push('from-csv')
  if (modes.length > 1)
    throw new UsageError(`${modes.map(mode => `--${mode}`).join(' and ')} exclude each other: give one`)
  return modes[0] ?? 'watch'
}

// --no-inventory comes as false; the variable ZONETOLL_NO_INVENTORY as its text.
function isInventoryAsked(value: boolean | string | undefined): boolean {
  if (typeof value !== 'string') return value !== false
  if (/^(?:1|true|yes)$/i.test(value)) return false
  if (/^(?:0|false|no)$/i.test(value)) return true
  throw new UsageError(`the variable ZONETOLL_NO_INVENTORY is ${JSON.stringify(value)}: expected 1 or 0`)
}

const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR }

/** Milliseconds of `90`, `60s`, `5m` or `1h`; a number alone counts `unit`s. */
function readDuration(text: string, unit: number, [least, most]: readonly [number, number]): number {
  const parts = /^(\d{1,9})([smh]?)$/.exec(text)
  const millis = parts === null ? Number.NaN : Number(parts[1]) * (UNITS[parts[2]!] ?? unit)
  if (!(millis >= least && millis <= most)) {
    const bound = (value: number) => (value % HOUR === 0 ? `${value / HOUR}h` : `${value / SECOND}s`)
    throw new BadValue(`Expected a duration like 60s or 5m, from ${bound(least)} to ${bound(most)}.`)
  }
  return millis
}

function readHour(text: string): Hour {
  const hour = parseHour(text)
  if (hour === null) throw new BadValue('Expected a UTC hour like 2024-05-01T10.')
  return hour
}

function readNamespace(text: string): string {
  if (!/^[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?$/.test(text)) {
    throw new BadValue('Expected a namespace: lower-case letters, digits and hyphens.')
  }
  return text
}

function readVpcId(text: string): string {
  if (!/^vpc-[0-9a-z]+$/.test(text)) throw new BadValue("Expected a VPC's ID like vpc-0123456789abcdef0.")
  return text
}

function readZone(text: string): readonly [string, string] {
  const parts = /^([a-z0-9-]+)=([a-z0-9-]+)$/.exec(text)
  if (parts === null) throw new BadValue('Expected a zone name and its ID, like us-east-2a=use2-az1.')
  return [parts[1]!, parts[2]!]
}
