// From what a user wrote to what the stack is built of: defaults filled in, and everything checked that AWS would only
// refuse half-way through a deployment.
//
// All that is wrong is said at once, each with what was expected.

import { UsageError } from '@zonetoll/command'
import { hourPartition } from '@zonetoll/objects'
import type {
  AlarmConfig,
  ClusterConfig,
  ExistingFlowLogs,
  NetworkConfig,
  NewFlowLog,
  RecorderConfig,
  RetentionConfig,
  WorkerConfig,
  ZonetollConfig,
} from './config.ts'

type Settled<T> = { readonly [K in keyof T]-?: T[K] }

export interface Installation {
  readonly name: string
  readonly account: string | undefined
  readonly region: string | undefined
  readonly clusters: readonly ClusterConfig[]
  readonly network: Settled<NetworkConfig>
  readonly flowLog: Settled<NewFlowLog> | ExistingFlowLogs
  readonly image: string | undefined
  readonly architecture: 'arm64' | 'x86_64'
  readonly recorder: Settled<RecorderConfig>
  readonly worker: Settled<WorkerConfig>
  readonly retention: Settled<RetentionConfig>
  readonly alarms: Omit<Settled<AlarmConfig>, 'email'> & { readonly email: string | undefined }
  readonly athenaTable: boolean
  readonly accessLogReaders: readonly string[]
}

// Memory by vCPU that Fargate offers, in MiB.
// Source: Amazon ECS Developer Guide, Task CPU and memory.
const FARGATE: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: steps(1024, 4096, 1024),
  1024: steps(2048, 8192, 1024),
  2048: steps(4096, 16_384, 1024),
  4096: steps(8192, 30_720, 1024),
  8192: steps(16_384, 61_440, 4096),
  16_384: steps(32_768, 122_880, 8192),
}

// Source: CloudWatch Logs API Reference, PutRetentionPolicy.
const TASK_LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]

/** Source: AWS Batch User Guide, Array jobs. */
const MOST_SHARDS = 10_000

/** The installations with their defaults. Throws UsageError that lists all that is wrong. */
export function settleConfigs(configs: readonly ZonetollConfig[]): Installation[] {
  const installations = configs.map(fill)
  const problems = installations.flatMap(installation =>
    problemsOf(installation).map(problem => `${installation.name}: ${problem}`),
  )
  if (configs.length === 0) problems.push('no installation: give one at least')
  const names = installations.map(({ name }) => name)
  for (const name of new Set(names.filter((each, at) => names.indexOf(each) !== at))) {
    problems.push(`two installations are called ${name}: give each a name of its own`)
  }
  if (problems.length > 0) {
    throw new UsageError(`apps/deploy/src/zonetoll.config.ts can't be deployed:\n  ${problems.join('\n  ')}`)
  }
  return installations
}

function fill(config: ZonetollConfig): Installation {
  const { flowLog, network, retention } = config
  return {
    name: config.name,
    account: config.account,
    region: config.region,
    clusters: config.clusters,
    network: { assignPublicIp: false, ...network },
    flowLog: flowLog.kind === 'create' ? { vpcId: network.vpcId, version11: false, ...flowLog } : flowLog,
    image: config.image,
    architecture: config.architecture ?? 'arm64',
    recorder: { mode: 'service', everyMinutes: 5, cpu: 256, memoryMiB: 1024, ...config.recorder },
    worker: {
      minute: 20,
      settleMinutes: 20,
      lookbackHours: 24,
      cpu: 2048,
      memoryMiB: 4096,
      shards: 1,
      ...config.worker,
    },
    retention: {
      flowLogDays: 7,
      assignmentDays: 90,
      rollupDays: null,
      accessLogDays: 90,
      taskLogDays: 30,
      ...retention,
    },
    alarms: { email: undefined, unattributedPercent: 5, staleMinutes: 15, ...config.alarms },
    athenaTable: config.athenaTable ?? false,
    accessLogReaders: config.accessLogReaders ?? [],
  }
}

function problemsOf(installation: Installation): string[] {
  const { recorder, worker, retention, alarms } = installation
  const problems: string[] = []
  const expect = (good: boolean, problem: string) => {
    if (!good) problems.push(problem)
  }
  const whole = (what: string, value: number, least: number, most: number) =>
    expect(
      Number.isInteger(value) && value >= least && value <= most,
      `${what} is ${value}: expected a whole number from ${least} to ${most}`,
    )
  expect(
    /^[A-Za-z][0-9A-Za-z-]{0,99}$/.test(installation.name),
    'a name begins with a letter and has letters, digits and hyphens',
  )
  expect(
    /^\d{12}$/.test(installation.account ?? '000000000000'),
    `account is ${installation.account}: expected 12 digits`,
  )
  expect(
    /^[a-z]{2}(?:-[a-z]+)+-\d$/.test(installation.region ?? 'us-east-1'),
    `region is ${installation.region}: expected one like us-east-2`,
  )
  problems.push(...clusterProblems(installation.clusters), ...networkProblems(installation))
  problems.push(...flowLogProblems(installation))
  problems.push(...sizeProblems('recorder', recorder), ...sizeProblems('worker', worker))
  // A schedule in minutes counts from the hour.
  expect(
    [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60].includes(recorder.everyMinutes),
    `recorder.everyMinutes is ${recorder.everyMinutes}: expected a divisor of 60`,
  )
  whole('worker.minute', worker.minute, 0, 59)
  whole('worker.settleMinutes', worker.settleMinutes, 0, 7 * 24 * 60)
  whole('worker.lookbackHours', worker.lookbackHours, 1, 14 * 24)
  whole('worker.shards', worker.shards, 1, MOST_SHARDS)
  whole('retention.flowLogDays', retention.flowLogDays, 1, 3650)
  whole('retention.assignmentDays', retention.assignmentDays, 2, 36_500)
  if (retention.rollupDays !== null) whole('retention.rollupDays', retention.rollupDays, 2, 36_500)
  whole('retention.accessLogDays', retention.accessLogDays, 1, 36_500)
  expect(
    retention.flowLogDays * 24 > worker.lookbackHours + 2,
    `retention.flowLogDays (${retention.flowLogDays}) is too short to look back ${worker.lookbackHours} hours: what is gone can't be read again`,
  )
  expect(
    TASK_LOG_DAYS.includes(retention.taskLogDays),
    `retention.taskLogDays is ${retention.taskLogDays}: expected one of ${TASK_LOG_DAYS.join(', ')}`,
  )
  expect(
    /^[^\s@]+@[^\s@]+$/.test(alarms.email ?? 'a@b'),
    `alarms.email is ${alarms.email}: expected an address`,
  )
  expect(
    alarms.unattributedPercent >= 0 && alarms.unattributedPercent <= 100,
    `alarms.unattributedPercent is ${alarms.unattributedPercent}: expected 0 to 100`,
  )
  whole('alarms.staleMinutes', alarms.staleMinutes, 1, 24 * 60)
  if (recorder.mode === 'scheduled') {
    expect(
      alarms.staleMinutes > recorder.everyMinutes,
      `alarms.staleMinutes (${alarms.staleMinutes}) must be more than recorder.everyMinutes (${recorder.everyMinutes}): every snapshot would be late`,
    )
  }
  for (const arn of installation.accessLogReaders) {
    expect(isRoleArn(arn), `accessLogReaders has ${arn}: expected a role's ARN`)
  }
  return problems
}

function clusterProblems(clusters: readonly ClusterConfig[]): string[] {
  const problems: string[] = []
  if (clusters.length === 0) problems.push('no cluster: name one at least')
  const names = clusters.map(({ name }) => name)
  for (const [at, { name, securityGroupId }] of clusters.entries()) {
    try {
      hourPartition(name, 0)
    } catch (error) {
      problems.push((error as Error).message)
    }
    if (names.indexOf(name) !== at) problems.push(`the cluster ${name} stands twice`)
    if (securityGroupId !== undefined && !/^sg-[0-9a-f]{8,17}$/.test(securityGroupId)) {
      problems.push(
        `the cluster ${name} has the security group ${securityGroupId}: expected one like sg-0123456789abcdef0`,
      )
    }
  }
  return problems
}

function networkProblems({ network, flowLog }: Installation): string[] {
  const problems: string[] = []
  const vpcs = [network.vpcId, ...(flowLog.kind === 'create' ? [flowLog.vpcId] : [])]
  for (const vpc of new Set(vpcs)) {
    if (!/^vpc-[0-9a-f]{8,17}$/.test(vpc))
      problems.push(`the VPC ${vpc}: expected one like vpc-0123456789abcdef0`)
  }
  // Source: EventBridge Scheduler API Reference, AwsVpcConfiguration.
  if (network.subnetIds.length === 0 || network.subnetIds.length > 16) {
    problems.push(`network.subnetIds has ${network.subnetIds.length}: expected 1 to 16`)
  }
  for (const subnet of network.subnetIds) {
    if (!/^subnet-[0-9a-f]{8,17}$/.test(subnet)) {
      problems.push(`the subnet ${subnet}: expected one like subnet-0123456789abcdef0`)
    }
  }
  return problems
}

function flowLogProblems({ flowLog }: Installation): string[] {
  if (flowLog.kind === 'create') return []
  const { logs, flowLogIds = [], kmsKeyArns = [], roleArn } = flowLog
  const problems = [
    ...logs
      .filter(uri => !/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[^,*?$]*)?$/.test(uri))
      .map(uri => `flowLog.logs has ${uri}: expected s3://bucket/prefix, without , * ? and $`),
    ...flowLogIds
      .filter(id => !/^fl-[0-9a-f]+$/.test(id))
      .map(id => `the flow log ${id}: expected one like fl-0123456789abcdef0`),
    ...kmsKeyArns
      .filter(arn => !/^arn:[a-z-]+:kms:[^:]+:\d{12}:key\/.+$/.test(arn))
      .map(arn => `flowLog.kmsKeyArns has ${arn}: expected a key's ARN`),
  ]
  if (logs.length === 0) problems.push('flowLog.logs is empty: name where the flow logs are')
  if (roleArn !== undefined && !isRoleArn(roleArn))
    problems.push(`flowLog.roleArn is ${roleArn}: expected a role's ARN`)
  return problems
}

function sizeProblems(
  what: string,
  { cpu, memoryMiB }: { readonly cpu: number; readonly memoryMiB: number },
): string[] {
  const offered = FARGATE[cpu]
  if (offered === undefined) {
    return [`${what}.cpu is ${cpu}: Fargate has ${Object.keys(FARGATE).join(', ')} (1024 is one vCPU)`]
  }
  return offered.includes(memoryMiB)
    ? []
    : [`${what}.memoryMiB is ${memoryMiB}: with cpu ${cpu} Fargate has ${offered.join(', ')}`]
}

function steps(least: number, most: number, step: number): number[] {
  return Array.from({ length: (most - least) / step + 1 }, (_, at) => least + at * step)
}

function isRoleArn(text: string): boolean {
  return /^arn:[a-z-]+:iam::\d{12}:role\/[\w+=.@/-]+$/.test(text)
}
