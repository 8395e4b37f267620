// What runs by the clock: EventBridge Scheduler starts a task, or a state machine, and says for which moment.
//
// The moment is the schedule's, not the clock's: a start that was retried an hour later makes the same hour. What can't
// be started after all retries lies in the dead-letter queue, and an alarm watches that.
// Source: EventBridge Scheduler User Guide, Adding context attributes; Using templated targets.

import { Duration, Validations } from 'aws-cdk-lib'
import type { CfnCluster } from 'aws-cdk-lib/aws-ecs'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { FargateTask } from './fargate-task.ts'
import { roleFor } from './statements.ts'
import type { TaskNetwork } from './task-network.ts'

/** Stands for the schedule's moment in what a target is given: `2024-05-01T11:20:00Z`. */
export const SCHEDULED_TIME = '<aws.scheduler.scheduled-time>'

const RETRIES = 10
const MOST_AGE = Duration.minutes(45)

export interface TaskSchedule {
  /** `cron(…)` or `rate(…)`. */
  readonly expression: string
  readonly description: string
  readonly task: FargateTask
  readonly command: readonly string[]
}

export interface MachineSchedule {
  readonly expression: string
  readonly description: string
  readonly machineArn: string
  readonly input: Readonly<Record<string, string>>
}

export class Schedules extends Construct {
  readonly deadLetters: Queue
  readonly #group: CfnScheduleGroup
  readonly #cluster: CfnCluster
  readonly #network: TaskNetwork

  constructor(scope: Construct, id: string, cluster: CfnCluster, network: TaskNetwork) {
    super(scope, id)
    this.#cluster = cluster
    this.#network = network
    this.#group = new CfnScheduleGroup(this, 'Group', {})
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    })
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'This is the dead-letter queue of the schedules.',
    })
  }

  /** Starts the task with the command instead of its own. */
  runTask(scope: Construct, id: string, { expression, description, task, command }: TaskSchedule): void {
    const role = roleFor(scope, `${id}Starter`, {
      service: 'scheduler.amazonaws.com',
      description: `Starts by the clock: ${description}`,
      statements: [
        new PolicyStatement({
          sid: 'RunTask',
          actions: ['ecs:RunTask'],
          resources: [task.definitionArn],
          conditions: { ArnEquals: { 'ecs:cluster': this.#cluster.attrArn } },
        }),
        new PolicyStatement({
          sid: 'PassRolesOfTask',
          actions: ['iam:PassRole'],
          resources: [task.role.roleArn, task.executionRole.roleArn],
          conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
        }),
        this.#keepDeadLetter(),
      ],
    })
    this.#schedule(scope, id, expression, description, {
      arn: this.#cluster.attrArn,
      roleArn: role.roleArn,
      input: JSON.stringify({ containerOverrides: [{ name: task.name, command }] }),
      ecsParameters: {
        taskDefinitionArn: task.definitionArn,
        launchType: 'FARGATE',
        taskCount: 1,
        networkConfiguration: { awsvpcConfiguration: this.#network.awsvpcConfiguration },
      },
    })
  }

  startMachine(
    scope: Construct,
    id: string,
    { expression, description, machineArn, input }: MachineSchedule,
  ): void {
    const role = roleFor(scope, `${id}Starter`, {
      service: 'scheduler.amazonaws.com',
      description: `Starts by the clock: ${description}`,
      statements: [
        new PolicyStatement({
          sid: 'StartMachine',
          actions: ['states:StartExecution'],
          resources: [machineArn],
        }),
        this.#keepDeadLetter(),
      ],
    })
    this.#schedule(scope, id, expression, description, {
      arn: machineArn,
      roleArn: role.roleArn,
      input: JSON.stringify(input),
    })
  }

  #schedule(
    scope: Construct,
    id: string,
    expression: string,
    description: string,
    target: Omit<CfnSchedule.TargetProperty, 'deadLetterConfig' | 'retryPolicy'>,
  ): void {
    const schedule = new CfnSchedule(scope, id, {
      description,
      groupName: this.#group.ref,
      scheduleExpression: expression,
      scheduleExpressionTimezone: 'UTC',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        ...target,
        deadLetterConfig: { arn: this.deadLetters.queueArn },
        retryPolicy: { maximumRetryAttempts: RETRIES, maximumEventAgeInSeconds: MOST_AGE.toSeconds() },
      },
    })
    schedule.node.addDependency(this.#group)
  }

  #keepDeadLetter(): PolicyStatement {
    return new PolicyStatement({
      sid: 'KeepDeadLetter',
      actions: ['sqs:SendMessage'],
      resources: [this.deadLetters.queueArn],
    })
  }
}
