// What somebody has to be told of, and the topic that tells them. No code watches: the worker prints its figures as
// CloudWatch's embedded metrics, and a metric filter reads the recorder's status.
//
//   no rollup            NewestHourAge    at two hourly runs in succession older than it is when all is well, or no run
//   hours fail           HoursFailed      some hour could not be made at three runs in succession
//   unattributed share   UnattributedShare  of an hour above the bar. Its time is the hour's begin, so some hours back count
//   recorder stale       RecorderAge      the assignment log has no sign of life, or nobody could ask
//   dead letters         a schedule could not start its task
//   shards not started   the state machine failed (with shards only; a failed job shows as a missing rollup)
//
// Source: Amazon CloudWatch User Guide, Alarm evaluation, Specification: Embedded metric format.

// oxlint-disable eslint/no-new -- a construct adds itself to its scope

import { Duration } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  Metric,
  Stats,
  TreatMissingData,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Installation } from './settle-config.ts'

/** Of all metrics of Zonetoll's own. */
export const NAMESPACE = 'Zonetoll'

const HOUR_SECONDS = 3600
const SLACK_SECONDS = 1800
const FAILING_RUNS = 3

interface Watched {
  readonly metric: IMetric
  readonly description: string
  readonly above: number
  readonly periods: number
  /** How many of the periods must be above; all of them if not given. */
  readonly atLeast?: number
  readonly missing: TreatMissingData
}

export class Alarms extends Construct {
  readonly topic: Topic

  constructor(scope: Construct, id: string, { alarms }: Installation) {
    super(scope, id)
    this.topic = new Topic(this, 'Topic', { enforceSSL: true })
    if (alarms.email !== undefined) this.topic.addSubscription(new EmailSubscription(alarms.email))
  }

  /** `dueMinute` is the minute at which the task with --due runs. */
  watchCluster(cluster: string, dueMinute: number, { alarms, worker }: Installation): void {
    const age = usualAge(dueMinute, worker.settleMinutes)
    const ofCluster = (metricName: string, statistic: string, period: Duration) =>
      new Metric({ namespace: NAMESPACE, metricName, dimensionsMap: { Cluster: cluster }, statistic, period })
    this.#watch(`NoRollup-${cluster}`, {
      // Of two runs in one hour the one that saw the newest hour is right.
      metric: ofCluster('NewestHourAge', Stats.MINIMUM, Duration.hours(1)),
      description: `Zonetoll: no rollup of ${cluster} for two hours. Look at the worker's log.`,
      above: age + SLACK_SECONDS,
      periods: 2,
      missing: TreatMissingData.BREACHING,
    })
    this.#watch(`HoursFail-${cluster}`, {
      metric: ofCluster('HoursFailed', Stats.MAXIMUM, Duration.hours(1)),
      description: `Zonetoll: an hour of ${cluster} fails again and again. The worker's log names it and says why.`,
      above: 0,
      periods: FAILING_RUNS,
      missing: TreatMissingData.NOT_BREACHING,
    })
    this.#watch(`Unattributed-${cluster}`, {
      metric: ofCluster('UnattributedShare', Stats.MAXIMUM, Duration.hours(1)),
      description: `Zonetoll: more than ${alarms.unattributedPercent} % of an hour's bytes of ${cluster} can't be attributed. Is all of the VPC being recorded?`,
      above: alarms.unattributedPercent,
      periods: 2 + Math.ceil(age / HOUR_SECONDS),
      atLeast: 1,
      missing: TreatMissingData.NOT_BREACHING,
    })
    this.#watch(`RecorderStale-${cluster}`, {
      metric: ofCluster('RecorderAge', Stats.MINIMUM, Duration.minutes(5)),
      description: `Zonetoll: the assignment log of ${cluster} has no sign of life. Look at the recorder's log.`,
      above: alarms.staleMinutes * 60,
      periods: 3,
      missing: TreatMissingData.BREACHING,
    })
  }

  watchDeadLetters(queue: Queue): void {
    this.#watch('DeadLetters', {
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5) }),
      description:
        'Zonetoll: a schedule could not start its task. The message in the dead-letter queue says why.',
      above: 0,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    })
  }

  watchMachine(cluster: string, machineArn: string): void {
    this.#watch(`ShardsNotStarted-${cluster}`, {
      metric: new Metric({
        namespace: 'AWS/States',
        metricName: 'ExecutionsFailed',
        dimensionsMap: { StateMachineArn: machineArn },
        statistic: Stats.SUM,
        period: Duration.minutes(5),
      }),
      description: `Zonetoll: the jobs for an hour of ${cluster} could not be submitted.`,
      above: 0,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    })
  }

  #watch(id: string, { metric, description, above, periods, atLeast, missing }: Watched): void {
    const alarm = new Alarm(this, id, {
      metric,
      alarmDescription: description,
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      datapointsToAlarm: atLeast ?? periods,
      treatMissingData: missing,
    })
    alarm.addAlarmAction(new SnsAction(this.topic))
    alarm.addOkAction(new SnsAction(this.topic))
  }
}

/** Seconds since the newest hour's end when the task runs at that minute and all is well. */
export function usualAge(minute: number, settleMinutes: number): number {
  const hours = Math.max(0, Math.ceil((settleMinutes - minute) / 60))
  return hours * HOUR_SECONDS + minute * 60
}
