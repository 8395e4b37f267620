// The stack around its tasks: flow log, buckets, alarms, the table for Athena, and the template as a whole.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { usualAge } from '../src/alarms.ts'
import { COLUMNS } from '../src/athena-table.ts'
import { logFormat } from '../src/flow-logs.ts'
import {
  at,
  config,
  environmentOf,
  ofType,
  resourcesOf,
  stackOf,
  textOf,
  templatesOf,
  type Json,
  type Resource,
} from './template.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

test('the template is the one that was looked at (vitest --update after looking at the difference)', async () => {
  const [template] = templatesOf(config({ alarms: { email: 'ops@example.com' } }))
  await expect(`${JSON.stringify(template, null, 1)}\n`).toMatchFileSnapshot('golden/zonetoll.template.txt')
})

describe('the flow log', () => {
  test('has the fields of the README, as text, by the hour and the minute', () => {
    const [flowLog] = ofType(stackOf(), 'AWS::EC2::FlowLog')
    expect(flowLog).toEqual({
      ResourceType: 'VPC',
      ResourceId: 'vpc-0a1b2c3d',
      TrafficType: 'ALL',
      MaxAggregationInterval: 60,
      LogDestinationType: 's3',
      LogDestination: '<BucketsFlowLogs.Arn>',
      LogFormat: logFormat(false),
      DestinationOptions: {
        FileFormat: 'plain-text',
        HiveCompatiblePartitions: false,
        PerHourPartition: true,
      },
    })
    const readme = readFileSync(`${ROOT}README.md`, 'utf8')
    expect(readme).toContain(`--log-format '${logFormat(false)}'`)
  })

  test('has those of version 11 when asked', () => {
    const [flowLog] = ofType(stackOf({ flowLog: { kind: 'create', version11: true } }), 'AWS::EC2::FlowLog')
    expect(flowLog!['LogFormat']).toBe(`${logFormat(false)} \${interface-type} \${next-hop-az-id}`)
  })

  test('may be of another VPC than the tasks', () => {
    const resources = stackOf({ flowLog: { kind: 'create', vpcId: 'vpc-0a1b2c3f' } })
    expect(ofType(resources, 'AWS::EC2::FlowLog')[0]!['ResourceId']).toBe('vpc-0a1b2c3f')
    expect(ofType(resources, 'AWS::EC2::SecurityGroup')[0]!['VpcId']).toBe('vpc-0a1b2c3d')
  })

  test('isn’t made where there are some, nor a bucket for it', () => {
    const flowLog = {
      kind: 'existing',
      logs: ['s3://one/AWSLogs/', 's3://two'],
      flowLogIds: ['fl-0a', 'fl-0b'],
    } as const
    const resources = stackOf({ flowLog })
    expect(ofType(resources, 'AWS::EC2::FlowLog')).toEqual([])
    expect(ofType(resources, 'AWS::S3::Bucket')).toHaveLength(2)
    expect(environmentOf(resources, 'worker')).toMatchObject({
      ZONETOLL_LOGS: 's3://one/AWSLogs/,s3://two',
      ZONETOLL_FLOW_LOG_ID: 'fl-0a,fl-0b',
    })
  })
})

describe('the buckets', () => {
  const buckets = stackOf({ retention: { rollupDays: 1000 } }).filter(
    ({ type }) => type === 'AWS::S3::Bucket',
  )

  test.each(buckets.map(bucket => [bucket.id, bucket] as const))(
    '%s is private, encrypted, and stays when the stack goes',
    (_id, { deletionPolicy, properties }) => {
      expect(deletionPolicy).toBe('Retain')
      expect(properties['PublicAccessBlockConfiguration']).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      })
      expect(JSON.stringify(properties['BucketEncryption'])).toContain('"SSEAlgorithm":"AES256"')
      expect(properties).not.toHaveProperty('BucketName')
    },
  )

  test('log who asked into the access logs, each under its own prefix', () => {
    const logging = buckets.map(({ properties }) => properties['LoggingConfiguration'])
    expect(logging).toEqual([
      undefined,
      { DestinationBucketName: '<BucketsAccessLogs>', LogFilePrefix: 'data/' },
      { DestinationBucketName: '<BucketsAccessLogs>', LogFilePrefix: 'flow-logs/' },
    ])
  })

  test('keep what they hold as long as the configuration says', () => {
    const rules = buckets.map(({ properties }) =>
      (at(properties, 'LifecycleConfiguration', 'Rules') as Record<string, Json>[]).map(
        rule =>
          `${textOf(rule['Id'])} ${textOf(rule['Prefix'])} ${textOf(rule['ExpirationInDays'] ?? at(rule, 'NoncurrentVersionExpiration', 'NoncurrentDays'))}`,
      ),
    )
    expect(rules).toEqual([
      ['access-logs  90'],
      ['assignments assignments/ 90', 'rollups rollups/ 1000', 'versions  30'],
      ['flow-logs  7'],
    ])
    expect(buckets.map(({ properties }) => at(properties, 'VersioningConfiguration', 'Status'))).toEqual([
      undefined,
      'Enabled',
      undefined,
    ])
  })
})

function described(resources: readonly Resource[]): Record<string, string> {
  return Object.fromEntries(
    resources
      .filter(({ type }) => type === 'AWS::CloudWatch::Alarm')
      .map(({ id, properties: each }) => [
        id.slice('Alarms'.length, -8),
        `${textOf(each['Namespace'])} ${textOf(each['MetricName'])} ${textOf(each['Statistic'])} > ${textOf(each['Threshold'])}, ${textOf(each['DatapointsToAlarm'])} of ${textOf(each['EvaluationPeriods'])} x ${textOf(each['Period'])} s, missing: ${textOf(each['TreatMissingData'])}`,
      ]),
  )
}

describe('alarms', () => {
  test('are these', () => {
    expect(described(stackOf())).toEqual({
      DeadLetters:
        'AWS/SQS ApproximateNumberOfMessagesVisible Maximum > 0, 1 of 1 x 300 s, missing: notBreaching',
      NoRollupdemo: 'Zonetoll NewestHourAge Minimum > 3000, 2 of 2 x 3600 s, missing: breaching',
      HoursFaildemo: 'Zonetoll HoursFailed Maximum > 0, 3 of 3 x 3600 s, missing: notBreaching',
      Unattributeddemo: 'Zonetoll UnattributedShare Maximum > 5, 1 of 3 x 3600 s, missing: notBreaching',
      RecorderStaledemo: 'Zonetoll RecorderAge Minimum > 900, 3 of 3 x 300 s, missing: breaching',
    })
  })

  test('are one more with shards, and as patient as the task that mends is late', () => {
    const alarms = described(stackOf({ worker: { shards: 8 } }))
    expect(alarms['ShardsNotStarteddemo']).toBe(
      'AWS/States ExecutionsFailed Sum > 0, 1 of 1 x 300 s, missing: notBreaching',
    )
    expect(alarms['NoRollupdemo']).toContain('> 4800, ')
  })

  test('take the bars of the configuration', () => {
    const alarms = described(stackOf({ alarms: { unattributedPercent: 12.5, staleMinutes: 60 } }))
    expect(alarms['Unattributeddemo']).toContain('> 12.5, ')
    expect(alarms['RecorderStaledemo']).toContain('> 3600, ')
  })

  test('tell the topic, and the topic an address', () => {
    const resources = stackOf({ alarms: { email: 'ops@example.com' } })
    for (const alarm of ofType(resources, 'AWS::CloudWatch::Alarm')) {
      expect(alarm).toMatchObject({ AlarmActions: ['<AlarmsTopic>'], OKActions: ['<AlarmsTopic>'] })
    }
    expect(ofType(resources, 'AWS::SNS::Subscription')).toEqual([
      { Endpoint: 'ops@example.com', Protocol: 'email', TopicArn: '<AlarmsTopic>' },
    ])
    expect(ofType(stackOf(), 'AWS::SNS::Subscription')).toEqual([])
  })

  test('the age of the newest hour when all is well follows from schedule and settling', () => {
    expect(usualAge(20, 20)).toBe(20 * 60)
    expect(usualAge(50, 20)).toBe(50 * 60)
    expect(usualAge(10, 20)).toBe(70 * 60)
    expect(usualAge(0, 180)).toBe(180 * 60)
  })
})

describe('the table for Athena', () => {
  test('isn’t there unless asked for', () => {
    expect(stackOf().filter(({ type }) => type.startsWith('AWS::Glue'))).toEqual([])
  })

  test('has the columns of the README and projects partitions from the keys', () => {
    const clusters = [{ name: 'blue' }, { name: 'green' }]
    const resources = stackOf({ athenaTable: true, clusters })
    const [table] = ofType(resources, 'AWS::Glue::Table')
    const input = table!['TableInput'] as Record<string, Json>
    expect(at(input, 'StorageDescriptor', 'Columns')).toEqual(COLUMNS.map(([Name, Type]) => ({ Name, Type })))
    expect(input['Parameters']).toMatchObject({
      'projection.enabled': 'true',
      'projection.cluster.values': 'blue,green',
      'projection.hour.digits': '2',
      'storage.location.template': 's3://<BucketsData>/rollups/cluster=${cluster}/dt=${dt}/hour=${hour}/',
    })
    const readme = readFileSync(`${ROOT}README.md`, 'utf8')
    for (const [name] of COLUMNS.filter(([each]) => !each.startsWith('destination_'))) {
      expect(readme).toContain(`\`${name}\``)
    }
    expect(table!['DatabaseName']).toMatch(/^[a-z0-9_]+$/)
  })
})

function namesOf(resources: readonly Resource[]): string[] {
  return resources.flatMap(({ id, type, properties }) =>
    Object.entries(properties)
      .filter(([key, value]) => /(?:^|[a-z])Name$|^Family$|^Name$/.test(key) && typeof value === 'string')
      .filter(([, value]) => !(value as string).startsWith('<'))
      .map(([key, value]) => `${type} ${id} ${key}=${textOf(value)}`),
  )
}

describe('two stacks side by side', () => {
  test('have no name in common: none is fixed', () => {
    const more = { athenaTable: true, worker: { shards: 4 }, alarms: { email: 'ops@example.com' } } as const
    const templates = templatesOf(config({ ...more, name: 'Blue' }), config({ ...more, name: 'Green' }))
    const [blue, green] = templates.map(template => namesOf(resourcesOf(template)))
    const fixed = blue!.filter(name => green!.includes(name))
    // The cluster's own name, and metrics that alarms watch.
    expect(fixed.filter(name => !/ClusterName=demo|Alarm \w+ MetricName=/.test(name))).toEqual([])
  })
})
