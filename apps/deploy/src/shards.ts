// An hour in N tasks: an array job on AWS Batch, and a merge job that depends on it.
//
//   schedule ──> state machine ──> SubmitJob start, array of N ──> SubmitJob merge, dependsOn the array ──> end
//                                         └── N tasks, a partial each ──┘ when all are done
//
// EventBridge Scheduler can submit a job, but not tell the next one its id: that is all the state machine is for. It
// ends when both are submitted; the order is kept by Batch, which starts the merge when every child is done and fails it
// when one failed for good. What then is missing the worker's own task makes, half an hour later (worker.ts).
//
// A child that fails is tried again: the same share gives the same bytes. The tasks aren't given a read-only root file
// system, since Batch has no volume on Fargate to put at /tmp; the image's user may write nowhere else anyway.
// Source: AWS Batch API Reference, Volume; AWS Batch User Guide, Array jobs, Job dependencies.

// oxlint-disable eslint/no-new -- a construct adds itself to its scope

import { Aws, Stack, Validations } from 'aws-cdk-lib'
import { CfnComputeEnvironment, CfnJobDefinition, CfnJobQueue } from 'aws-cdk-lib/aws-batch'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import { SCHEDULED_TIME, type Schedules } from './schedules.ts'
import type { Installation } from './settle-config.ts'
import { roleFor } from './statements.ts'
import type { TaskImage } from './task-image.ts'
import type { TaskNetwork } from './task-network.ts'
import type { Worker } from './worker.ts'

const CPU_UNITS = 1024
const ATTEMPTS = 3
const MOST_SECONDS = 3600

/** Where all clusters' jobs run. */
export class BatchQueue extends Construct {
  readonly arn: string

  constructor(scope: Construct, id: string, { worker }: Installation, network: TaskNetwork) {
    super(scope, id)
    const environment = new CfnComputeEnvironment(this, 'Environment', {
      type: 'MANAGED',
      computeResources: {
        type: 'FARGATE',
        // Every child at once, and a merge beside them.
        maxvCpus: Math.ceil(((worker.shards + 1) * worker.cpu) / CPU_UNITS),
        subnets: network.subnetIds,
        securityGroupIds: network.securityGroupIds,
      },
    })
    const queue = new CfnJobQueue(this, 'Queue', {
      priority: 1,
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: environment.attrComputeEnvironmentArn }],
    })
    this.arn = queue.attrJobQueueArn
  }
}

export interface ShardsOptions {
  readonly installation: Installation
  readonly cluster: string
  readonly image: TaskImage
  readonly worker: Worker
  readonly queue: BatchQueue
  readonly network: TaskNetwork
  readonly schedules: Schedules
}

export class Shards extends Construct {
  readonly machine: CfnStateMachine

  constructor(scope: Construct, id: string, options: ShardsOptions) {
    super(scope, id)
    const { cluster, installation, schedules } = options
    const definition = jobDefinition(this, options)
    this.machine = stateMachine(this, options, definition)
    schedules.startMachine(this, 'Hourly', {
      expression: `cron(${installation.worker.minute} * * * ? *)`,
      description: `the settled hour of the cluster ${cluster}, in ${installation.worker.shards} tasks`,
      machineArn: this.machine.attrArn,
      input: { scheduledTime: SCHEDULED_TIME },
    })
  }
}

// One definition serves both jobs: each brings its command.
function jobDefinition(
  scope: Construct,
  { installation, image, worker, network }: ShardsOptions,
): CfnJobDefinition {
  const { cpu, memoryMiB } = installation.worker
  const { task, environment } = worker
  return new CfnJobDefinition(scope, 'Job', {
    type: 'container',
    platformCapabilities: ['FARGATE'],
    retryStrategy: { attempts: ATTEMPTS },
    timeout: { attemptDurationSeconds: MOST_SECONDS },
    containerProperties: {
      image: image.uri,
      command: ['start', '--help'],
      environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
      jobRoleArn: task.role.roleArn,
      executionRoleArn: task.executionRole.roleArn,
      resourceRequirements: [
        { type: 'VCPU', value: String(cpu / CPU_UNITS) },
        { type: 'MEMORY', value: String(memoryMiB) },
      ],
      runtimePlatform: {
        cpuArchitecture: installation.architecture.toUpperCase(),
        operatingSystemFamily: 'LINUX',
      },
      networkConfiguration: { assignPublicIp: network.assignPublicIp },
      linuxParameters: { initProcessEnabled: true },
      logConfiguration: {
        logDriver: 'awslogs',
        options: {
          'awslogs-group': task.logGroup.ref,
          'awslogs-region': Aws.REGION,
          'awslogs-stream-prefix': 'shards',
        },
      },
    },
  })
}

function stateMachine(
  scope: Construct,
  { cluster, installation, queue }: ShardsOptions,
  definition: CfnJobDefinition,
): CfnStateMachine {
  const role = roleFor(scope, 'Role', {
    service: 'states.amazonaws.com',
    description: `Submits the jobs that make an hour of the cluster ${cluster}.`,
    statements: [
      new PolicyStatement({
        sid: 'SubmitJobs',
        actions: ['batch:SubmitJob'],
        resources: [queue.arn, definition.ref],
      }),
    ],
  })
  const machine = new CfnStateMachine(scope, 'Machine', {
    stateMachineType: 'STANDARD',
    roleArn: role.roleArn,
    definitionString: Stack.of(scope).toJsonString(
      machineDefinition({
        queueArn: queue.arn,
        definitionArn: definition.ref,
        shards: installation.worker.shards,
      }),
    ),
  })
  machine.node.addDependency(role)
  const reason =
    'It submits two jobs, and its history, which Step Functions keeps, says how that went. Logs and traces would take rights on the whole account.'
  Validations.of(machine).acknowledge({ id: 'AwsSolutions-SF1', reason }, { id: 'AwsSolutions-SF2', reason })
  return machine
}

/** Two submissions. The input is `{"scheduledTime": "2024-05-01T11:20:00Z"}`: the hour is the last settled one then. */
export function machineDefinition(jobs: {
  readonly queueArn: string
  readonly definitionArn: string
  readonly shards: number
}): object {
  const { queueArn, definitionArn, shards } = jobs
  const retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 5, BackoffRate: 2, MaxAttempts: 6 }]
  const submit = {
    Type: 'Task',
    Resource: `arn:${Aws.PARTITION}:states:::batch:submitJob`,
    Retry: retry,
  }
  const job = { JobQueue: queueArn, JobDefinition: definitionArn }
  const moment = '{% $states.input.scheduledTime %}'
  return {
    Comment: 'One hour of flow logs in shares, then merged.',
    QueryLanguage: 'JSONata',
    StartAt: 'SubmitShards',
    States: {
      SubmitShards: {
        ...submit,
        Arguments: {
          ...job,
          JobName: 'zonetoll-shards',
          ArrayProperties: { Size: shards },
          ContainerOverrides: { Command: ['start', '--scheduled-time', moment, '--quiet'] },
        },
        Output: { scheduledTime: moment, jobId: '{% $states.result.JobId %}' },
        Next: 'SubmitMerge',
      },
      SubmitMerge: {
        ...submit,
        Arguments: {
          ...job,
          JobName: 'zonetoll-merge',
          DependsOn: [{ JobId: '{% $states.input.jobId %}' }],
          ContainerOverrides: {
            Command: ['merge', '--scheduled-time', moment, '--shards', String(shards), '--emf', '--quiet'],
          },
        },
        End: true,
      },
    },
  }
}
