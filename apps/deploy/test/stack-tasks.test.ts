// The stack's tasks: recorder, worker and shards, with their schedules, variables and health.

import { describe, expect, test } from 'vitest'
import {
  at,
  config,
  containerOf,
  environmentOf,
  IMAGE,
  ofType,
  stackOf,
  type Json,
  type Resource,
} from './template.ts'

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
