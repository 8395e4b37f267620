import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { usualAge } from '../src/alarms.ts'
import { COLUMNS } from '../src/athena-table.ts'
import { logFormat } from '../src/flow-logs.ts'
import { config, IMAGE, resourcesOf, textOf, templatesOf, type Json, type Resource } from './template.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

function stackOf(more: Parameters<typeof config>[0] = {}): Resource[] {
  return resourcesOf(templatesOf(config(more))[0]!)
}

function ofType(resources: readonly Resource[], type: string): Record<string, Json>[] {
  return resources.filter(each => each.type === type).map(({ properties }) => properties)
}

/** The value at a path of keys, as text. */
function at(properties: Json | undefined, ...path: (string | number)[]): Json | undefined {
  let value: Json | undefined = properties
  for (const key of path) value = (value as Record<string | number, Json> | undefined)?.[key]
  return value
}

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

function containerOf(resources: readonly Resource[], name: string): Record<string, Json> {
  return ofType(resources, 'AWS::ECS::TaskDefinition')
    .flatMap(definition => definition['ContainerDefinitions'] as Record<string, Json>[])
    .find(container => container['Name'] === name)!
}

function environmentOf(resources: readonly Resource[], name: string): Record<string, Json> {
  const variables = containerOf(resources, name)['Environment'] as { Name: string; Value: string }[]
  return Object.fromEntries(variables.map(({ Name, Value }) => [Name, Value]))
}

function scheduleOf(resources: readonly Resource[], id: string): Record<string, Json> {
  const schedule = resources.find(each => each.type === 'AWS::Scheduler::Schedule' && each.id.startsWith(id))!
  const input = JSON.parse(at(schedule.properties, 'Target', 'Input') as string) as Json
  return { expression: schedule.properties['ScheduleExpression']!, input }
}

describe('tasks', () => {
  const resources = stackOf()

  test.each(['recorder', 'status', 'worker'])('%s can write nowhere but in /tmp, and has an init', name => {
    expect(containerOf(resources, name)).toMatchObject({
      Image: IMAGE,
      ReadonlyRootFilesystem: true,
      LinuxParameters: { InitProcessEnabled: true },
      MountPoints: [{ ContainerPath: '/tmp', ReadOnly: false, SourceVolume: 'tmp' }],
    })
  })

  test('have a log group each, with an end', () => {
    expect(ofType(resources, 'AWS::Logs::LogGroup')).toEqual(
      Array.from({ length: 3 }, () => ({ RetentionInDays: 30 })),
    )
  })

  test('let nothing in, and go out by HTTPS only', () => {
    const [group] = ofType(resources, 'AWS::EC2::SecurityGroup')
    expect(group).not.toHaveProperty('SecurityGroupIngress')
    expect(
      (group!['SecurityGroupEgress'] as Record<string, Json>[]).map(({ FromPort, ToPort }) => [
        FromPort,
        ToPort,
      ]),
    ).toEqual([
      [443, 443],
      [443, 443],
    ])
  })

  test('run on the processor that was chosen', () => {
    const intel = ofType(stackOf({ architecture: 'x86_64' }), 'AWS::ECS::TaskDefinition')
    expect(intel.map(({ RuntimePlatform }) => at(RuntimePlatform, 'CpuArchitecture'))).toEqual([
      'X86_64',
      'X86_64',
      'X86_64',
    ])
  })

  test('may have public addresses', () => {
    const network = { ...config().network, assignPublicIp: true }
    const text = JSON.stringify(stackOf({ network, worker: { shards: 2 } }))
    expect(text).not.toContain('DISABLED')
    expect(text.match(/"AssignPublicIp":"ENABLED"/g)).toHaveLength(4)
  })
})

describe('the recorder', () => {
  test('is a service that is never without a task, and is judged by what it wrote', () => {
    const resources = stackOf()
    expect(ofType(resources, 'AWS::ECS::Service')[0]).toMatchObject({
      DesiredCount: 1,
      DeploymentConfiguration: { MinimumHealthyPercent: 100, MaximumPercent: 200 },
    })
    expect(containerOf(resources, 'recorder')).toMatchObject({
      Command: ['record'],
      HealthCheck: {
        Command: ['CMD', '/zonetoll/apps/deploy/image/entrypoint.sh', 'record', '--status', '--stale', '15m'],
      },
    })
    expect(environmentOf(resources, 'recorder')).toEqual({
      AWS_REGION: '<AWS::Region>',
      ZONETOLL_ASSIGNMENTS: 's3://<BucketsData>/assignments/',
      ZONETOLL_CLUSTER: 'demo',
      ZONETOLL_EKS_CLUSTER: 'demo',
    })
  })

  test('is let into the cluster with a group of its own', () => {
    expect(ofType(stackOf(), 'AWS::EKS::AccessEntry')).toEqual([
      {
        ClusterName: 'demo',
        PrincipalArn: '<RecorderdemoRole.Arn>',
        Type: 'STANDARD',
        KubernetesGroups: ['zonetoll:recorder'],
      },
    ])
  })

  test('reaches an API server inside the VPC where its security group is named', () => {
    const clusters = [{ name: 'demo', securityGroupId: 'sg-0a1b2c3d' }]
    expect(ofType(stackOf({ clusters }), 'AWS::EC2::SecurityGroupIngress')).toEqual([
      {
        GroupId: 'sg-0a1b2c3d',
        SourceSecurityGroupId: '<NetworkSecurityGroup.GroupId>',
        IpProtocol: 'tcp',
        FromPort: 443,
        ToPort: 443,
        Description: 'Zonetoll reads pods and nodes',
      },
    ])
  })

  test('takes snapshots instead when it is scheduled', () => {
    const resources = stackOf({ recorder: { mode: 'scheduled', everyMinutes: 10 } })
    expect(ofType(resources, 'AWS::ECS::Service')).toEqual([])
    expect(containerOf(resources, 'recorder')).not.toHaveProperty('HealthCheck')
    expect(scheduleOf(resources, 'RecorderdemoSnapshot')).toEqual({
      expression: 'cron(0/10 * * * ? *)',
      input: { containerOverrides: [{ name: 'recorder', command: ['record', '--once', '--quiet'] }] },
    })
  })

  test('is asked how old its newest line is, and the answer becomes a metric', () => {
    const resources = stackOf()
    expect(scheduleOf(resources, 'RecorderdemoStatus')).toEqual({
      expression: 'cron(0/5 * * * ? *)',
      input: {
        containerOverrides: [{ name: 'status', command: ['record', '--status', '--json', '--stale', '24h'] }],
      },
    })
    expect(ofType(resources, 'AWS::Logs::MetricFilter')).toEqual([
      {
        LogGroupName: '<RecorderdemoStatusTaskLog>',
        FilterPattern: '{ $.ageSeconds >= 0 }',
        MetricTransformations: [
          {
            MetricNamespace: 'Zonetoll',
            MetricName: 'RecorderAge',
            MetricValue: '$.ageSeconds',
            Unit: 'Seconds',
            Dimensions: [{ Key: 'Cluster', Value: '$.cluster' }],
          },
        ],
      },
    ])
  })
})

describe('the worker', () => {
  test('is started 20 minutes after each hour with the schedule’s own time', () => {
    const resources = stackOf()
    expect(scheduleOf(resources, 'WorkerdemoHourly')).toEqual({
      expression: 'cron(20 * * * ? *)',
      input: {
        containerOverrides: [
          {
            name: 'worker',
            command: [
              'start',
              '--due',
              '--lookback',
              '24',
              '--emf',
              '--quiet',
              '--scheduled-time',
              '<aws.scheduler.scheduled-time>',
            ],
          },
        ],
      },
    })
    expect(environmentOf(resources, 'worker')).toEqual({
      AWS_REGION: '<AWS::Region>',
      ZONETOLL_ASSIGNMENTS: 's3://<BucketsData>/assignments/',
      ZONETOLL_CLUSTER: 'demo',
      ZONETOLL_FLOW_LOG_ID: '<FlowLog.Id>',
      ZONETOLL_LOGS: 's3://<BucketsFlowLogs>/AWSLogs/<AWS::AccountId>/vpcflowlogs/<AWS::Region>/',
      ZONETOLL_ROLLUPS: 's3://<BucketsData>/rollups/',
      ZONETOLL_SETTLE: '20',
    })
  })

  test('every schedule tries again, and leaves what it can’t start in the dead-letter queue', () => {
    const schedules = ofType(stackOf({ worker: { shards: 4 } }), 'AWS::Scheduler::Schedule')
    expect(schedules).toHaveLength(3)
    for (const schedule of schedules) {
      expect(schedule).toMatchObject({
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          DeadLetterConfig: { Arn: '<SchedulesDeadLetters.Arn>' },
          RetryPolicy: { MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 2700 },
        },
      })
    }
  })
})

describe('shards', () => {
  const resources = stackOf({ worker: { shards: 8, cpu: 4096, memoryMiB: 8192 } })

  test('are an array job, then a merge that depends on it', () => {
    const [machine] = ofType(resources, 'AWS::StepFunctions::StateMachine')
    const { States, StartAt } = JSON.parse(machine!['DefinitionString'] as string) as {
      States: Record<string, Record<string, Json>>
      StartAt: string
    }
    const moment = '{% $states.input.scheduledTime %}'
    const job = { JobQueue: '<BatchQueue.JobQueueArn>', JobDefinition: '<ShardsdemoJob>' }
    expect(StartAt).toBe('SubmitShards')
    expect(States['SubmitShards']!['Arguments']).toEqual({
      ...job,
      JobName: 'zonetoll-shards',
      ArrayProperties: { Size: 8 },
      ContainerOverrides: { Command: ['start', '--scheduled-time', moment, '--quiet'] },
    })
    expect(States['SubmitShards']).toMatchObject({
      Output: { scheduledTime: moment, jobId: '{% $states.result.JobId %}' },
      Next: 'SubmitMerge',
    })
    expect(States['SubmitMerge']!['Arguments']).toEqual({
      ...job,
      JobName: 'zonetoll-merge',
      DependsOn: [{ JobId: '{% $states.input.jobId %}' }],
      ContainerOverrides: {
        Command: ['merge', '--scheduled-time', moment, '--shards', '8', '--emf', '--quiet'],
      },
    })
    expect(scheduleOf(resources, 'ShardsdemoHourly')).toEqual({
      expression: 'cron(20 * * * ? *)',
      input: { scheduledTime: '<aws.scheduler.scheduled-time>' },
    })
  })

  test('are tried again, run with the worker’s options and role, all at once', () => {
    const [job] = ofType(resources, 'AWS::Batch::JobDefinition')
    const worker = ofType(resources, 'AWS::ECS::TaskDefinition').find(
      definition => at(definition, 'ContainerDefinitions', 0, 'Name') === 'worker',
    )
    expect(job).toMatchObject({
      RetryStrategy: { Attempts: 3 },
      PlatformCapabilities: ['FARGATE'],
      ContainerProperties: {
        Image: IMAGE,
        Environment: at(worker, 'ContainerDefinitions', 0, 'Environment'),
        JobRoleArn: worker!['TaskRoleArn'],
        ResourceRequirements: [
          { Type: 'VCPU', Value: '4' },
          { Type: 'MEMORY', Value: '8192' },
        ],
      },
    })
    const [environment] = ofType(resources, 'AWS::Batch::ComputeEnvironment')
    expect(at(environment, 'ComputeResources', 'MaxvCpus')).toBe(36)
  })

  test('are followed by the task that mends, half an hour later', () => {
    expect(scheduleOf(resources, 'WorkerdemoHourly')).toMatchObject({ expression: 'cron(50 * * * ? *)' })
  })

  test('aren’t there for one', () => {
    expect(stackOf().filter(({ type }) => /Batch|StepFunctions/.test(type))).toEqual([])
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
