import { UsageError } from '@zonetoll/command'
import { describe, expect, test } from 'vitest'
import type { ZonetollConfig } from '../src/config.ts'
import { settleConfigs } from '../src/settle-config.ts'
import { installations } from '../src/zonetoll.config.ts'
import { config } from './template.ts'

function problemsOf(...configs: ZonetollConfig[]): string[] {
  try {
    settleConfigs(configs)
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return (error as Error).message.split('\n  ').slice(1)
  }
  return []
}

test('the configuration that the repository comes with can be synthesised', () => {
  expect(problemsOf(...installations)).toEqual([])
})

test('what is left out has a default', () => {
  expect(settleConfigs([config()])[0]).toMatchObject({
    architecture: 'arm64',
    network: { assignPublicIp: false },
    flowLog: { kind: 'create', vpcId: 'vpc-0a1b2c3d', version11: false },
    recorder: { mode: 'service', everyMinutes: 5 },
    worker: { minute: 20, settleMinutes: 20, lookbackHours: 24, shards: 1 },
    retention: { flowLogDays: 7, rollupDays: null },
    alarms: { unattributedPercent: 5, staleMinutes: 15 },
    athenaTable: false,
    accessLogReaders: [],
  })
})

describe('what AWS would refuse is refused before', () => {
  const network = config().network
  test.each<readonly [string, Partial<ZonetollConfig>]>([
    ['a name begins with a letter and has letters, digits and hyphens', { name: '1st' }],
    ['account is 12: expected 12 digits', { account: '12' }],
    ['region is Ohio: expected one like us-east-2', { region: 'Ohio' }],
    ['no cluster: name one at least', { clusters: [] }],
    ['the cluster demo stands twice', { clusters: [{ name: 'demo' }, { name: 'demo' }] }],
    [
      `"a/b" can't be a cluster's name: expected 1 to 100 letters, digits, ., _ and -, the first a letter or digit`,
      { clusters: [{ name: 'a/b' }] },
    ],
    [
      'the cluster demo has the security group demo-sg: expected one like sg-0123456789abcdef0',
      { clusters: [{ name: 'demo', securityGroupId: 'demo-sg' }] },
    ],
    ['the VPC mine: expected one like vpc-0123456789abcdef0', { network: { ...network, vpcId: 'mine' } }],
    ['network.subnetIds has 0: expected 1 to 16', { network: { ...network, subnetIds: [] } }],
    [
      'the subnet a: expected one like subnet-0123456789abcdef0',
      { network: { ...network, subnetIds: ['a'] } },
    ],
    [
      'flowLog.logs has logs: expected s3://bucket/prefix, without , * ? and $',
      { flowLog: { kind: 'existing', logs: ['logs'] } },
    ],
    [
      'flowLog.logs has s3://logs/*: expected s3://bucket/prefix, without , * ? and $',
      { flowLog: { kind: 'existing', logs: ['s3://logs/*'] } },
    ],
    ['flowLog.logs is empty: name where the flow logs are', { flowLog: { kind: 'existing', logs: [] } }],
    [
      'the flow log mine: expected one like fl-0123456789abcdef0',
      { flowLog: { kind: 'existing', logs: ['s3://logs'], flowLogIds: ['mine'] } },
    ],
    [
      "flowLog.roleArn is *: expected a role's ARN",
      { flowLog: { kind: 'existing', logs: ['s3://logs'], roleArn: '*' } },
    ],
    [
      'recorder.memoryMiB is 1536: with cpu 256 Fargate has 512, 1024, 2048',
      { recorder: { cpu: 256, memoryMiB: 1536 } },
    ],
    [
      'worker.cpu is 3000: Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384 (1024 is one vCPU)',
      { worker: { cpu: 3000 } },
    ],
    ['worker.shards is 10001: expected a whole number from 1 to 10000', { worker: { shards: 10_001 } }],
    ['recorder.everyMinutes is 7: expected a divisor of 60', { recorder: { everyMinutes: 7 } }],
    [
      "retention.flowLogDays (1) is too short to look back 24 hours: what is gone can't be read again",
      { retention: { flowLogDays: 1 } },
    ],
    ['alarms.email is me: expected an address', { alarms: { email: 'me' } }],
    [
      'alarms.staleMinutes (15) must be more than recorder.everyMinutes (30): every snapshot would be late',
      { recorder: { mode: 'scheduled', everyMinutes: 30 } },
    ],
    ["accessLogReaders has *: expected a role's ARN", { accessLogReaders: ['*'] }],
  ])('%s', (problem, more) => {
    expect(problemsOf(config(more))).toEqual([`${more.name ?? 'Zonetoll'}: ${problem}`])
  })

  test('a log group keeps what CloudWatch Logs can keep', () => {
    expect(problemsOf(config({ retention: { taskLogDays: 31 } }))[0]).toMatch(
      /^Zonetoll: retention.taskLogDays is 31: expected one of 1, 3, 5, 7, /,
    )
  })

  test('all that is wrong is said at once, of every installation', () => {
    expect(
      problemsOf(config({ account: '12', clusters: [] }), config({ name: 'Other', region: 'x' }), config()),
    ).toHaveLength(4)
  })

  test('two stacks of one name', () => {
    expect(problemsOf(config(), config())).toEqual([
      'two installations are called Zonetoll: give each a name of its own',
    ])
    expect(problemsOf()).toEqual(['no installation: give one at least'])
  })
})
