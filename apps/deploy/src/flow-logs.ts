// The flow logs that the worker reads: made here with every field that Zonetoll uses, or there already.
//
// Text, in folders by the hour, and windows of a minute: records of Nitro instances have those anyway, and with ten
// minutes a record of another instance could tell less about who held an address.
// Source: VPC User Guide, Flow log records; CloudFormation, AWS::EC2::FlowLog.

import { Arn, Aws, Stack } from 'aws-cdk-lib'
import { CfnFlowLog } from 'aws-cdk-lib/aws-ec2'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import type { ExistingFlowLogs, NewFlowLog } from './config.ts'
import { mayList, mayUse, uriOf, type BucketPart } from './statements.ts'

const FIELDS = [
  'version',
  'interface-id',
  'instance-id',
  'az-id',
  'pkt-srcaddr',
  'pkt-dstaddr',
  'flow-direction',
  'packets',
  'bytes',
  'start',
  'end',
  'action',
  'log-status',
]
const FIELDS_OF_VERSION_11 = ['interface-type', 'next-hop-az-id']

/** What the worker is told of them, and what it must be allowed. */
export interface ReadableFlowLogs {
  readonly uris: readonly string[]
  readonly flowLogIds: readonly string[]
  readonly roleArn: string | null
  readonly statements: readonly PolicyStatement[]
}

/** As AWS wants them: `${version} ${bytes}`. */
export function logFormat(version11: boolean): string {
  return [...FIELDS, ...(version11 ? FIELDS_OF_VERSION_11 : [])].map(field => `\${${field}}`).join(' ')
}

/** A flow log of the VPC into the bucket. */
export class FlowLog extends Construct {
  readonly readable: ReadableFlowLogs

  constructor(scope: Construct, id: string, bucket: Bucket, { vpcId, version11 }: Required<NewFlowLog>) {
    super(scope, id)
    const flowLog = new CfnFlowLog(this, 'Resource', {
      resourceType: 'VPC',
      resourceId: vpcId,
      trafficType: 'ALL',
      maxAggregationInterval: 60,
      logDestinationType: 's3',
      logDestination: bucket.bucketArn,
      logFormat: logFormat(version11),
      // An untyped object: CloudFormation's own spelling.
      destinationOptions: {
        FileFormat: 'plain-text',
        HiveCompatiblePartitions: false,
        PerHourPartition: true,
      },
    })
    // AWS would write a policy of its own into a bucket that has none.
    flowLog.node.addDependency(bucket.policy!)
    const part: BucketPart = {
      bucketArn: bucket.bucketArn,
      bucketName: bucket.bucketName,
      prefix: `AWSLogs/${Aws.ACCOUNT_ID}/vpcflowlogs/${Aws.REGION}/`,
    }
    this.readable = {
      uris: [uriOf(part)],
      flowLogIds: [flowLog.attrId],
      roleArn: null,
      statements: [mayList('ListFlowLogs', part), mayUse('ReadFlowLogs', part, ['s3:GetObject'])],
    }
  }
}

/** Flow logs that are there, read as this account's or with the role that the configuration names. */
export function existingFlowLogs(scope: Construct, config: ExistingFlowLogs): ReadableFlowLogs {
  const { logs, flowLogIds = [], kmsKeyArns = [], roleArn } = config
  const rest = { uris: logs, flowLogIds, roleArn: roleArn ?? null }
  if (roleArn !== undefined) {
    const assume = new PolicyStatement({
      sid: 'AssumeFlowLogReader',
      actions: ['sts:AssumeRole'],
      resources: [roleArn],
    })
    return { ...rest, statements: [assume] }
  }
  const parts = logs.map(uri => partOf(scope, uri))
  const number = (at: number) => (parts.length === 1 ? '' : String(at + 1))
  const decrypt = new PolicyStatement({
    sid: 'DecryptFlowLogs',
    actions: ['kms:Decrypt'],
    resources: [...kmsKeyArns],
    conditions: { StringLike: { 'kms:ViaService': `s3.*.${Aws.URL_SUFFIX}` } },
  })
  return {
    ...rest,
    statements: [
      ...parts.flatMap((part, at) => [
        mayList(`ListFlowLogs${number(at)}`, part),
        mayUse(`ReadFlowLogs${number(at)}`, part, ['s3:GetObject']),
      ]),
      ...(kmsKeyArns.length === 0 ? [] : [decrypt]),
    ],
  }
}

// As openLocation reads it.
function partOf(scope: Construct, uri: string): BucketPart {
  const [, bucketName, path = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(uri)!
  const bucketArn = Arn.format(
    { service: 's3', region: '', account: '', resource: bucketName! },
    Stack.of(scope),
  )
  return { bucketArn, bucketName: bucketName!, prefix: path === '' || path.endsWith('/') ? path : `${path}/` }
}
