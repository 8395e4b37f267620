// Least privilege, word by word: each statement of each role stands here.

import { expect, test } from 'vitest'
import {
  config,
  describeStatement,
  resourcesOf,
  statementsOf,
  templatesOf,
  type Resource,
} from './template.ts'

function rolesOf(more: Parameters<typeof config>[0] = {}): string[] {
  return statementsOf(resourcesOf(templatesOf(config(more))[0]!))
}

const EXECUTION = (task: string) => [
  `${task}ExecutionRole: PullImage: ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer on arn:<AWS::Partition>:ecr:us-east-2:111122223333:repository/zonetoll`,
  `${task}ExecutionRole: SignInToRegistry: ecr:GetAuthorizationToken on *`,
  `${task}ExecutionRole: WriteLog: logs:CreateLogStream, logs:PutLogEvents on <${task}Log.Arn>`,
]

const RECORDER = [
  'RecorderdemoRole: DescribeCluster: eks:DescribeCluster on arn:<AWS::Partition>:eks:<AWS::Region>:<AWS::AccountId>:cluster/demo',
  'RecorderdemoRole: ReadNetwork: ec2:DescribeAvailabilityZones, ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets on * if {"StringEquals":{"aws:RequestedRegion":"<AWS::Region>"}}',
  'RecorderdemoRole: ListAssignments: s3:ListBucket on <BucketsData.Arn> if {"StringLike":{"s3:prefix":"assignments/cluster=demo/*"}}',
  'RecorderdemoRole: KeepAssignments: s3:AbortMultipartUpload, s3:GetObject, s3:PutObject on <BucketsData.Arn>/assignments/cluster=demo/*',
  ...EXECUTION('RecorderdemoTask'),
]

const STATUS = [
  'RecorderdemoStatusRole: ListAssignments: s3:ListBucket on <BucketsData.Arn> if {"StringLike":{"s3:prefix":"assignments/cluster=demo/*"}}',
  'RecorderdemoStatusRole: ReadAssignments: s3:GetObject on <BucketsData.Arn>/assignments/cluster=demo/*',
  ...EXECUTION('RecorderdemoStatusTask'),
  'RecorderdemoStatusStarter: RunTask: ecs:RunTask on <RecorderdemoStatusTaskDefinition> if {"ArnEquals":{"ecs:cluster":"<Tasks.Arn>"}}',
  'RecorderdemoStatusStarter: PassRolesOfTask: iam:PassRole on <RecorderdemoStatusRole.Arn>, <RecorderdemoStatusTaskExecutionRole.Arn> if {"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}',
  'RecorderdemoStatusStarter: KeepDeadLetter: sqs:SendMessage on <SchedulesDeadLetters.Arn>',
]

const FLOW_LOGS = [
  'WorkerdemoRole: ListFlowLogs: s3:ListBucket on <BucketsFlowLogs.Arn> if {"StringLike":{"s3:prefix":"AWSLogs/<AWS::AccountId>/vpcflowlogs/<AWS::Region>/*"}}',
  'WorkerdemoRole: ReadFlowLogs: s3:GetObject on <BucketsFlowLogs.Arn>/AWSLogs/<AWS::AccountId>/vpcflowlogs/<AWS::Region>/*',
]

const WORKER = [
  'WorkerdemoRole: ListAssignments: s3:ListBucket on <BucketsData.Arn> if {"StringLike":{"s3:prefix":"assignments/cluster=demo/*"}}',
  'WorkerdemoRole: ReadAssignments: s3:GetObject on <BucketsData.Arn>/assignments/cluster=demo/*',
  'WorkerdemoRole: ListRollups: s3:ListBucket on <BucketsData.Arn> if {"StringLike":{"s3:prefix":"rollups/cluster=demo/*"}}',
  'WorkerdemoRole: KeepRollups: s3:AbortMultipartUpload, s3:DeleteObject, s3:GetObject, s3:PutObject on <BucketsData.Arn>/rollups/cluster=demo/*',
  'WorkerdemoRole: TellAbsentFromForbidden: s3:ListBucket on <BucketsData.Arn> if {"Null":{"s3:prefix":"true"}}',
  ...EXECUTION('WorkerdemoTask'),
  'WorkerdemoHourlyStarter: RunTask: ecs:RunTask on <WorkerdemoTaskDefinition> if {"ArnEquals":{"ecs:cluster":"<Tasks.Arn>"}}',
  'WorkerdemoHourlyStarter: PassRolesOfTask: iam:PassRole on <WorkerdemoRole.Arn>, <WorkerdemoTaskExecutionRole.Arn> if {"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}',
  'WorkerdemoHourlyStarter: KeepDeadLetter: sqs:SendMessage on <SchedulesDeadLetters.Arn>',
]

test('the roles may do this and nothing else', () => {
  expect(rolesOf()).toEqual([...RECORDER, ...STATUS, ...FLOW_LOGS, ...WORKER])
})

test('flow logs of another bucket are read below their prefixes, with their keys', () => {
  const key = 'arn:aws:kms:us-east-2:111122223333:key/0a1b2c3d'
  const flowLog = { kind: 'existing', logs: ['s3://one/a/AWSLogs', 's3://two'], kmsKeyArns: [key] } as const
  expect(rolesOf({ flowLog })).toEqual([
    ...RECORDER,
    ...STATUS,
    'WorkerdemoRole: ListFlowLogs1: s3:ListBucket on arn:<AWS::Partition>:s3:::one if {"StringLike":{"s3:prefix":"a/AWSLogs/*"}}',
    'WorkerdemoRole: ReadFlowLogs1: s3:GetObject on arn:<AWS::Partition>:s3:::one/a/AWSLogs/*',
    'WorkerdemoRole: ListFlowLogs2: s3:ListBucket on arn:<AWS::Partition>:s3:::two if {"StringLike":{"s3:prefix":"*"}}',
    'WorkerdemoRole: ReadFlowLogs2: s3:GetObject on arn:<AWS::Partition>:s3:::two/*',
    `WorkerdemoRole: DecryptFlowLogs: kms:Decrypt on ${key} if {"StringLike":{"kms:ViaService":"s3.*.<AWS::URLSuffix>"}}`,
    ...WORKER,
  ])
})

test('flow logs of another account are read with its role, and not without', () => {
  const roleArn = 'arn:aws:iam::444455556666:role/flow-log-reader'
  expect(rolesOf({ flowLog: { kind: 'existing', logs: ['s3://theirs/logs'], roleArn } })).toEqual([
    ...RECORDER,
    ...STATUS,
    `WorkerdemoRole: AssumeFlowLogReader: sts:AssumeRole on ${roleArn}`,
    ...WORKER,
  ])
})

test('a recorder that is scheduled is started like the others', () => {
  expect(rolesOf({ recorder: { mode: 'scheduled' } })).toEqual([
    ...RECORDER,
    'RecorderdemoSnapshotStarter: RunTask: ecs:RunTask on <RecorderdemoTaskDefinition> if {"ArnEquals":{"ecs:cluster":"<Tasks.Arn>"}}',
    'RecorderdemoSnapshotStarter: PassRolesOfTask: iam:PassRole on <RecorderdemoRole.Arn>, <RecorderdemoTaskExecutionRole.Arn> if {"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}',
    'RecorderdemoSnapshotStarter: KeepDeadLetter: sqs:SendMessage on <SchedulesDeadLetters.Arn>',
    ...STATUS,
    ...FLOW_LOGS,
    ...WORKER,
  ])
})

test('shards take one role more, which may submit jobs, and one that starts it', () => {
  expect(rolesOf({ worker: { shards: 8 } })).toEqual([
    ...RECORDER,
    ...STATUS,
    ...FLOW_LOGS,
    ...WORKER,
    'ShardsdemoRole: SubmitJobs: batch:SubmitJob on <BatchQueue.JobQueueArn>, <ShardsdemoJob>',
    'ShardsdemoHourlyStarter: StartMachine: states:StartExecution on <ShardsdemoMachine.Arn>',
    'ShardsdemoHourlyStarter: KeepDeadLetter: sqs:SendMessage on <SchedulesDeadLetters.Arn>',
  ])
})

test('a registry that is public takes no rights', () => {
  const image = 'zonetoll/zonetoll:0.1.0'
  expect(rolesOf({ image }).filter(line => line.includes('ecr:'))).toEqual([])
})

test('two clusters have two sets of roles, and none may touch the other’s prefixes', () => {
  const roles = rolesOf({ clusters: [{ name: 'blue' }, { name: 'green' }] })
  expect(roles).toHaveLength(2 * rolesOf().length)
  expect(roles.filter(line => /^\w+blue\w+: .*green|^\w+green\w+: .*blue/.test(line))).toEqual([])
})

test('every role but those that start tasks is for services of this account only', () => {
  const roles = resourcesOf(templatesOf(config({ worker: { shards: 8 } }))[0]!).filter(
    ({ type }) => type === 'AWS::IAM::Role',
  )
  const open = roles
    .filter(
      ({ properties }) =>
        !JSON.stringify(properties['AssumeRolePolicyDocument']).includes(
          '"aws:SourceAccount":"<AWS::AccountId>"',
        ),
    )
    .map(({ id }) => id)
  expect(open.filter(id => !id.includes('ExecutionRole'))).toEqual([])
})

function bucketPolicies(resources: readonly Resource[]): Record<string, string[]> {
  return Object.fromEntries(
    resources
      .filter(({ type }) => type === 'AWS::S3::BucketPolicy')
      .map(({ properties }) => {
        const { Statement } = properties['PolicyDocument'] as unknown as {
          Statement: (Parameters<typeof describeStatement>[0] & { Principal: unknown })[]
        }
        const lines = Statement.map(each => `${JSON.stringify(each.Principal)} ${describeStatement(each)}`)
        return [properties['Bucket'] as string, lines]
      }),
  )
}

const TLS = (bucket: string) => [
  `{"AWS":"*"} DenyPlainHttp: not s3:* on <${bucket}.Arn>, <${bucket}.Arn>/* if {"Bool":{"aws:SecureTransport":"false"}}`,
  `{"AWS":"*"} DenyOldTls: not s3:* on <${bucket}.Arn>, <${bucket}.Arn>/* if {"NumericLessThan":{"s3:TlsVersion":"1.2"}}`,
]

test('buckets let in TLS only, AWS’s own deliveries, and to the access logs nobody', () => {
  expect(bucketPolicies(resourcesOf(templatesOf(config())[0]!))).toEqual({
    '<BucketsData>': TLS('BucketsData'),
    '<BucketsFlowLogs>': [
      ...TLS('BucketsFlowLogs'),
      '{"Service":"delivery.logs.amazonaws.com"} AWSLogDeliveryWrite: s3:PutObject on <BucketsFlowLogs.Arn>/AWSLogs/<AWS::AccountId>/* if {"StringEquals":{"aws:SourceAccount":"<AWS::AccountId>","s3:x-amz-acl":"bucket-owner-full-control"},"ArnLike":{"aws:SourceArn":"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:*"}}',
      '{"Service":"delivery.logs.amazonaws.com"} AWSLogDeliveryAclCheck: s3:GetBucketAcl, s3:ListBucket on <BucketsFlowLogs.Arn> if {"StringEquals":{"aws:SourceAccount":"<AWS::AccountId>"},"ArnLike":{"aws:SourceArn":"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:*"}}',
    ],
    '<BucketsAccessLogs>': [
      ...TLS('BucketsAccessLogs'),
      '{"Service":"logging.s3.amazonaws.com"} TakeAccessLogs: s3:PutObject on <BucketsAccessLogs.Arn>/* if {"StringEquals":{"aws:SourceAccount":"<AWS::AccountId>"}}',
      '{"AWS":"*"} DenyReaders: not s3:GetObject, s3:GetObjectVersion on <BucketsAccessLogs.Arn>/*',
    ],
  })
})

test('whom the configuration names may read the access logs', () => {
  const reader = 'arn:aws:iam::111122223333:role/audit'
  const policies = bucketPolicies(resourcesOf(templatesOf(config({ accessLogReaders: [reader] }))[0]!))
  expect(policies['<BucketsAccessLogs>']!.at(-1)).toBe(
    `{"AWS":"*"} DenyReaders: not s3:GetObject, s3:GetObjectVersion on <BucketsAccessLogs.Arn>/* if {"ArnNotLike":{"aws:PrincipalArn":["${reader}"]}}`,
  )
})
