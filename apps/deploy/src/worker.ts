// A cluster's worker: a task that each hour makes the hour that has settled, and mends those that changed since.
//
// What it must be told is the same for one task and for the shards of AWS Batch; shards.ts has the latter. With shards
// this task runs too, half an hour after them: it finds their hour current, or makes it where the merge failed.

import { Aws } from 'aws-cdk-lib'
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import { FargateTask } from './fargate-task.ts'
import type { ReadableFlowLogs } from './flow-logs.ts'
import { SCHEDULED_TIME, type Schedules } from './schedules.ts'
import type { Installation } from './settle-config.ts'
import { mayList, mayUse, partOfCluster, roleFor, uriOf, type BucketPart } from './statements.ts'
import type { TaskImage } from './task-image.ts'

const MINUTES_AFTER_SHARDS = 30

export interface WorkerOptions {
  readonly installation: Installation
  readonly cluster: string
  readonly image: TaskImage
  readonly flowLogs: ReadableFlowLogs
  readonly assignments: BucketPart
  readonly rollups: BucketPart
  readonly schedules: Schedules
}

export class Worker extends Construct {
  readonly task: FargateTask
  /** The options of start and merge, as variables. */
  readonly environment: Readonly<Record<string, string>>

  constructor(scope: Construct, id: string, options: WorkerOptions) {
    super(scope, id)
    const { installation, cluster, image, schedules } = options
    const { worker } = installation
    this.environment = workerEnvironment(options)
    const command = ['start', '--due', '--lookback', String(worker.lookbackHours), '--emf', '--quiet']
    this.task = new FargateTask(this, 'Task', {
      installation,
      image,
      name: 'worker',
      cpu: worker.cpu,
      memoryMiB: worker.memoryMiB,
      role: workerRole(this, options),
      command,
      environment: this.environment,
    })
    schedules.runTask(this, 'Hourly', {
      expression: `cron(${dueMinute(installation)} * * * ? *)`,
      description: `hours of the cluster ${cluster} that are due`,
      task: this.task,
      command: [...command, '--scheduled-time', SCHEDULED_TIME],
    })
  }
}

/** The minute at which the task with --due runs. */
export function dueMinute({ worker }: Installation): number {
  return worker.shards === 1 ? worker.minute : (worker.minute + MINUTES_AFTER_SHARDS) % 60
}

function workerEnvironment(options: WorkerOptions): Record<string, string> {
  const { installation, cluster, flowLogs, assignments, rollups } = options
  const { uris, flowLogIds, roleArn } = flowLogs
  return {
    AWS_REGION: Aws.REGION,
    ZONETOLL_ASSIGNMENTS: uriOf(assignments),
    ZONETOLL_CLUSTER: cluster,
    ...(flowLogIds.length === 0 ? {} : { ZONETOLL_FLOW_LOG_ID: flowLogIds.join(',') }),
    ZONETOLL_LOGS: uris.join(','),
    ...(roleArn === null ? {} : { ZONETOLL_LOGS_ROLE_ARN: roleArn }),
    ZONETOLL_ROLLUPS: uriOf(rollups),
    ZONETOLL_SETTLE: String(installation.worker.settleMinutes),
  }
}

function workerRole(scope: Construct, { cluster, flowLogs, assignments, rollups }: WorkerOptions): Role {
  const ownAssignments = partOfCluster(assignments, cluster)
  const ownRollups = partOfCluster(rollups, cluster)
  return roleFor(scope, 'Role', {
    service: 'ecs-tasks.amazonaws.com',
    description: `Reads flow logs, writes the rollups of the cluster ${cluster}.`,
    statements: [
      ...flowLogs.statements,
      mayList('ListAssignments', ownAssignments),
      mayUse('ReadAssignments', ownAssignments, ['s3:GetObject']),
      mayList('ListRollups', ownRollups),
      mayUse('KeepRollups', ownRollups, [
        's3:AbortMultipartUpload',
        's3:DeleteObject',
        's3:GetObject',
        's3:PutObject',
      ]),
      // To who may not list, S3 calls an object that isn't there forbidden; and asking for an object names no prefix.
      new PolicyStatement({
        sid: 'TellAbsentFromForbidden',
        actions: ['s3:ListBucket'],
        resources: [rollups.bucketArn],
        conditions: { Null: { 's3:prefix': 'true' } },
      }),
    ],
  })
}
