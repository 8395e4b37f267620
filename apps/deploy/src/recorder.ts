// A cluster's recorder: a service that watches, or a snapshot every few minutes; and who looks whether it does.
//
//   recorder   its role reads pods and nodes by an access entry (the group that kubernetes/recorder-access.yaml binds),
//              asks EC2 for the network, and writes the cluster's part of the assignment log
//   status     every few minutes asks the log how old its newest line is; a metric filter makes RecorderAge of the
//              answer. Judged is what was written, so whatever stops the recorder is noticed
//
// A restart loses little: the recorder reads its log back and mends it. So the health check is patient (half an hour):
// while S3 is away, what waits in the task's storage is worth more than a fresh start.

// oxlint-disable eslint/no-new -- a construct adds itself to its scope

import { Aws, Stack, Validations } from 'aws-cdk-lib'
import { CfnService, type CfnCluster } from 'aws-cdk-lib/aws-ecs'
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { CfnMetricFilter } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { NAMESPACE } from './alarms.ts'
import { FargateTask, type FargateTaskOptions } from './fargate-task.ts'
import type { Schedules } from './schedules.ts'
import type { Installation } from './settle-config.ts'
import { mayList, mayUse, partOfCluster, roleFor, uriOf, type BucketPart } from './statements.ts'
import type { TaskImage } from './task-image.ts'
import type { TaskNetwork } from './task-network.ts'

/** The Kubernetes group that kubernetes/recorder-access.yaml gives its rights to. */
export const KUBERNETES_GROUP = 'zonetoll:recorder'

/** Where the image has its entry point. */
const ENTRY_POINT = '/zonetoll/apps/deploy/image/entrypoint.sh'

const STATUS_EVERY_MINUTES = 5
const STATUS_SIZE = { cpu: 256, memoryMiB: 512 }

export interface RecorderOptions {
  readonly installation: Installation
  readonly cluster: string
  readonly image: TaskImage
  readonly assignments: BucketPart
  readonly ecsCluster: CfnCluster
  readonly network: TaskNetwork
  readonly schedules: Schedules
}

export class Recorder extends Construct {
  constructor(scope: Construct, id: string, options: RecorderOptions) {
    super(scope, id)
    const { installation, cluster, image, assignments, schedules } = options
    const { recorder } = installation
    const environment = {
      AWS_REGION: Aws.REGION,
      ZONETOLL_ASSIGNMENTS: uriOf(assignments),
      ZONETOLL_CLUSTER: cluster,
    }
    const own = partOfCluster(assignments, cluster)
    const role = recorderRole(this, cluster, own)
    const task = new FargateTask(this, 'Task', {
      installation,
      image,
      name: 'recorder',
      cpu: recorder.cpu,
      memoryMiB: recorder.memoryMiB,
      role,
      command: recorder.mode === 'service' ? ['record'] : ['record', '--once', '--quiet'],
      environment: { ...environment, ZONETOLL_EKS_CLUSTER: cluster },
      ...(recorder.mode === 'service' ? { healthCheck: healthCheck(installation) } : {}),
    })
    const entry = new CfnAccessEntry(this, 'AccessEntry', {
      clusterName: cluster,
      principalArn: role.roleArn,
      type: 'STANDARD',
      kubernetesGroups: [KUBERNETES_GROUP],
    })
    if (recorder.mode === 'service') this.#watch(options, task, entry)
    else {
      schedules.runTask(this, 'Snapshot', {
        expression: everyMinutes(recorder.everyMinutes),
        description: `a snapshot of the cluster ${cluster}`,
        task,
        command: ['record', '--once', '--quiet'],
      })
    }
    this.#askStatus(options, { installation, image, environment, own })
  }

  #watch({ ecsCluster, network }: RecorderOptions, task: FargateTask, entry: CfnAccessEntry): void {
    const service = new CfnService(this, 'Service', {
      cluster: ecsCluster.attrArn,
      taskDefinition: task.definitionArn,
      launchType: 'FARGATE',
      desiredCount: 1,
      // For a moment two record, which does no harm; none would lose what happens meanwhile.
      deploymentConfiguration: {
        minimumHealthyPercent: 100,
        maximumPercent: 200,
        deploymentCircuitBreaker: { enable: true, rollback: true },
      },
      networkConfiguration: { awsvpcConfiguration: network.awsvpcConfiguration },
    })
    service.node.addDependency(entry, task)
  }

  #askStatus(
    { cluster, schedules }: RecorderOptions,
    {
      own,
      ...rest
    }: Pick<FargateTaskOptions, 'installation' | 'image' | 'environment'> & { readonly own: BucketPart },
  ): void {
    const role = roleFor(this, 'StatusRole', {
      service: 'ecs-tasks.amazonaws.com',
      description: 'Looks how old the newest line of the assignment log is.',
      statements: [mayList('ListAssignments', own), mayUse('ReadAssignments', own, ['s3:GetObject'])],
    })
    // The alarm judges; the command itself fails only where there is nothing at all.
    const command = ['record', '--status', '--json', '--stale', '24h']
    const task = new FargateTask(this, 'StatusTask', {
      ...rest,
      ...STATUS_SIZE,
      name: 'status',
      role,
      command,
    })
    schedules.runTask(this, 'Status', {
      expression: everyMinutes(STATUS_EVERY_MINUTES),
      description: `is the cluster ${cluster} being recorded`,
      task,
      command,
    })
    new CfnMetricFilter(this, 'Age', {
      logGroupName: task.logGroup.ref,
      filterPattern: '{ $.ageSeconds >= 0 }',
      metricTransformations: [
        {
          metricNamespace: NAMESPACE,
          metricName: 'RecorderAge',
          metricValue: '$.ageSeconds',
          unit: 'Seconds',
          dimensions: [{ key: 'Cluster', value: '$.cluster' }],
        },
      ],
    })
  }
}

function recorderRole(scope: Construct, cluster: string, own: BucketPart) {
  const role = roleFor(scope, 'Role', {
    service: 'ecs-tasks.amazonaws.com',
    description: `Records which pods and interfaces of the cluster ${cluster} held which addresses.`,
    statements: [
      new PolicyStatement({
        sid: 'DescribeCluster',
        actions: ['eks:DescribeCluster'],
        resources: [
          Stack.of(scope).formatArn({ service: 'eks', resource: 'cluster', resourceName: cluster }),
        ],
      }),
      new PolicyStatement({
        sid: 'ReadNetwork',
        actions: ['ec2:DescribeAvailabilityZones', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:RequestedRegion': Aws.REGION } },
      }),
      mayList('ListAssignments', own),
      mayUse('KeepAssignments', own, ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject']),
    ],
  })
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'EC2 has no resources for its Describe calls; they are bound to the region, and read only.',
  })
  return role
}

function healthCheck({ alarms }: Installation) {
  return {
    command: ['CMD', ENTRY_POINT, 'record', '--status', '--stale', `${alarms.staleMinutes}m`],
    interval: 300,
    timeout: 60,
    retries: 6,
    startPeriod: 300,
  }
}

function everyMinutes(minutes: number): string {
  return minutes === 60 ? 'cron(0 * * * ? *)' : `cron(0/${minutes} * * * ? *)`
}
