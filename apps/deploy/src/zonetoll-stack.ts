// One installation as a stack. Follow the data:
//
//   VPC ──flow log──> flow-logs bucket ──┐
//                                        ├──> worker (each hour) ──> data bucket, rollups/
//   EKS, EC2 ──recorder──> data bucket, assignments/ ──┘
//
// Each cluster has its own recorder and worker, each of these its own role, and each role its own prefixes.

// oxlint-disable eslint/no-new -- a construct adds itself to its scope

import { CfnOutput, Stack, Validations } from 'aws-cdk-lib'
import { CfnCluster } from 'aws-cdk-lib/aws-ecs'
import type { Construct } from 'constructs'
import { Alarms } from './alarms.ts'
import { AthenaTable } from './athena-table.ts'
import { Buckets } from './buckets.ts'
import { existingFlowLogs, FlowLog, type ReadableFlowLogs } from './flow-logs.ts'
import { Recorder } from './recorder.ts'
import { Schedules } from './schedules.ts'
import type { Installation } from './settle-config.ts'
import { BatchQueue, Shards } from './shards.ts'
import { uriOf } from './statements.ts'
import { taskImage } from './task-image.ts'
import { TaskNetwork } from './task-network.ts'
import { dueMinute, Worker } from './worker.ts'

export class ZonetollStack extends Stack {
  constructor(scope: Construct, installation: Installation) {
    const { account, name, region } = installation
    super(scope, name, {
      description: 'Zonetoll: what pods send each other across availability zones',
      env: { ...(account === undefined ? {} : { account }), ...(region === undefined ? {} : { region }) },
    })
    const buckets = new Buckets(this, 'Buckets', installation)
    const { assignments, rollups } = buckets
    const image = taskImage(this, installation)
    const network = new TaskNetwork(this, 'Network', installation)
    const ecsCluster = new CfnCluster(this, 'Tasks', {})
    Validations.of(ecsCluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason:
        'The alarms are on what the tasks wrote and how old it is; Container Insights would cost more than the tasks.',
    })
    const schedules = new Schedules(this, 'Schedules', ecsCluster, network)
    const alarms = new Alarms(this, 'Alarms', installation)
    alarms.watchDeadLetters(schedules.deadLetters)
    const flowLogs = this.#flowLogs(installation, buckets)
    const queue = installation.worker.shards > 1 ? new BatchQueue(this, 'Batch', installation, network) : null
    for (const { name: cluster } of installation.clusters) {
      const shared = { installation, cluster, image, network, schedules }
      new Recorder(this, `Recorder-${cluster}`, { ...shared, assignments, ecsCluster })
      const worker = new Worker(this, `Worker-${cluster}`, { ...shared, flowLogs, assignments, rollups })
      alarms.watchCluster(cluster, dueMinute(installation), installation)
      if (queue !== null) {
        const { machine } = new Shards(this, `Shards-${cluster}`, { ...shared, worker, queue })
        alarms.watchMachine(cluster, machine.attrArn)
      }
    }
    if (installation.athenaTable) {
      const { databaseName } = new AthenaTable(this, 'Athena', installation, rollups)
      new CfnOutput(this, 'Database', { value: databaseName })
    }
    new CfnOutput(this, 'AssignmentsUri', { value: uriOf(assignments) })
    new CfnOutput(this, 'RollupsUri', { value: uriOf(rollups) })
    new CfnOutput(this, 'FlowLogsUri', { value: flowLogs.uris.join(',') })
  }

  #flowLogs({ flowLog }: Installation, { flowLogs }: Buckets): ReadableFlowLogs {
    return flowLog.kind === 'create'
      ? new FlowLog(this, 'FlowLog', flowLogs!, flowLog).readable
      : existingFlowLogs(this, flowLog)
  }
}
