// The stack's buckets: flow logs, what Zonetoll writes, and who asked for either.
//
//   flow logs   AWSLogs/<account>/vpcflowlogs/<region>/YYYY/MM/DD/HH/   written by AWS, gone after some days
//   data        assignments/cluster=…/  rollups/cluster=…/              versioned
//   access      flow-logs/  data/                                       server access logs of the other two
//
// All are private, encrypted by S3, refuse plain HTTP, and stay when the stack goes. The access logs can be read by
// nobody but whom the configuration names: a bucket's policy can be changed by whoever may change it, but not passed
// over unseen.

import { Aws, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type LifecycleRule,
} from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import type { Installation } from './settle-config.ts'
import { denyPlainText, type BucketPart } from './statements.ts'

const NONCURRENT_DAYS = 30

export class Buckets extends Construct {
  readonly assignments: BucketPart
  readonly rollups: BucketPart
  readonly data: Bucket
  /** Null where the flow logs are there already. */
  readonly flowLogs: Bucket | null

  constructor(scope: Construct, id: string, { accessLogReaders, flowLog, retention }: Installation) {
    super(scope, id)
    const access = this.#accessLogs(accessLogReaders, retention.accessLogDays)
    this.data = this.#logged('Data', access, 'data/', {
      versioned: true,
      lifecycleRules: [
        expiring('assignments', { prefix: 'assignments/', days: retention.assignmentDays }),
        ...(retention.rollupDays === null
          ? []
          : [expiring('rollups', { prefix: 'rollups/', days: retention.rollupDays })]),
        {
          id: 'versions',
          noncurrentVersionExpiration: Duration.days(NONCURRENT_DAYS),
          expiredObjectDeleteMarker: true,
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    })
    this.assignments = partOf(this.data, 'assignments/')
    this.rollups = partOf(this.data, 'rollups/')
    this.flowLogs = flowLog.kind === 'create' ? this.#flowLogs(access, retention.flowLogDays) : null
  }

  #accessLogs(readers: readonly string[], days: number): Bucket {
    const bucket = this.#bucket('AccessLogs', { lifecycleRules: [expiring('access-logs', { days })] })
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'TakeAccessLogs',
        principals: [new ServicePrincipal('logging.s3.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: [`${bucket.bucketArn}/*`],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    )
    const readable = new PolicyStatement({
      sid: 'DenyReaders',
      effect: Effect.DENY,
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      resources: [`${bucket.bucketArn}/*`],
      ...(readers.length === 0 ? {} : { conditions: { ArnNotLike: { 'aws:PrincipalArn': [...readers] } } }),
    })
    readable.addAnyPrincipal()
    bucket.addToResourcePolicy(readable)
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'It holds the access logs of the others. Logging access to it into itself would never end.',
    })
    return bucket
  }

  // Source: VPC User Guide, Amazon S3 bucket permissions for flow logs.
  #flowLogs(access: Bucket, days: number): Bucket {
    const bucket = this.#logged('FlowLogs', access, 'flow-logs/', {
      lifecycleRules: [expiring('flow-logs', { days })],
    })
    const delivery = new ServicePrincipal('delivery.logs.amazonaws.com')
    const sourceArn = Stack.of(this).formatArn({ service: 'logs', resource: '*' })
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AWSLogDeliveryWrite',
        principals: [delivery],
        actions: ['s3:PutObject'],
        resources: [`${bucket.bucketArn}/AWSLogs/${Aws.ACCOUNT_ID}/*`],
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID, 's3:x-amz-acl': 'bucket-owner-full-control' },
          ArnLike: { 'aws:SourceArn': sourceArn },
        },
      }),
    )
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AWSLogDeliveryAclCheck',
        principals: [delivery],
        actions: ['s3:GetBucketAcl', 's3:ListBucket'],
        resources: [bucket.bucketArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: { 'aws:SourceArn': sourceArn },
        },
      }),
    )
    return bucket
  }

  #logged(id: string, access: Bucket, prefix: string, options: BucketOptions): Bucket {
    const bucket = this.#bucket(id, options)
    const resource = bucket.node.defaultChild as CfnBucket
    resource.loggingConfiguration = { destinationBucketName: access.bucketName, logFilePrefix: prefix }
    // S3 checks that it may write there.
    resource.node.addDependency(access.policy!)
    return bucket
  }

  #bucket(id: string, options: BucketOptions): Bucket {
    const bucket = new Bucket(this, id, {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      removalPolicy: RemovalPolicy.RETAIN,
      ...options,
    })
    for (const statement of denyPlainText(bucket.bucketArn)) bucket.addToResourcePolicy(statement)
    return bucket
  }
}

interface BucketOptions {
  readonly versioned?: boolean
  readonly lifecycleRules: LifecycleRule[]
}

function expiring(
  id: string,
  { days, prefix }: { readonly days: number; readonly prefix?: string },
): LifecycleRule {
  return {
    id,
    expiration: Duration.days(days),
    abortIncompleteMultipartUploadAfter: Duration.days(1),
    ...(prefix === undefined ? {} : { prefix }),
  }
}

function partOf({ bucketArn, bucketName }: Bucket, prefix: string): BucketPart {
  return { bucketArn, bucketName, prefix }
}
