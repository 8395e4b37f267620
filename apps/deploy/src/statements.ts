// What a role may do with a bucket: some verbs on some prefixes, each statement with a name that says what for.
//
// s3:ListBucket is asked of the bucket, and the prefix that is listed is a condition; the other verbs are asked of the
// keys. Source: Amazon S3 User Guide, Controlling access to a bucket with user policies.

import { Aws, Stack, Validations } from 'aws-cdk-lib'
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { hourPartition } from '@zonetoll/objects'
import type { Construct } from 'constructs'

/** A bucket's part, as in a URI: `prefix` is empty or ends in '/'. */
export interface BucketPart {
  readonly bucketArn: string
  readonly bucketName: string
  readonly prefix: string
}

export function uriOf({ bucketName, prefix }: BucketPart): string {
  return `s3://${bucketName}/${prefix}`
}

/** The part below a cluster's folder, as hourPartition lays it out. */
export function partOfCluster(part: BucketPart, cluster: string): BucketPart {
  const folder = hourPartition(cluster, 0).split('dt=')[0]!
  return { ...part, prefix: part.prefix + folder }
}

export function mayList(sid: string, { bucketArn, prefix }: BucketPart): PolicyStatement {
  return new PolicyStatement({
    sid,
    actions: ['s3:ListBucket'],
    resources: [bucketArn],
    conditions: { StringLike: { 's3:prefix': `${prefix}*` } },
  })
}

export function mayUse(
  sid: string,
  { bucketArn, prefix }: BucketPart,
  actions: readonly string[],
): PolicyStatement {
  return new PolicyStatement({ sid, actions: [...actions], resources: [`${bucketArn}/${prefix}*`] })
}

/** A role for a service of this account only, so that no other account's can be made to use it (the confused deputy). */
export function roleFor(
  scope: Construct,
  id: string,
  options: {
    readonly service: string
    readonly description: string
    readonly statements: readonly PolicyStatement[]
  },
): Role {
  const role = new Role(scope, id, {
    assumedBy: new ServicePrincipal(options.service, {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
    description: options.description,
    inlinePolicies: { [id]: new PolicyDocument({ statements: [...options.statements] }) },
  })
  for (const arn of options.statements.flatMap(({ resources }) => resources)) {
    if (!arn.endsWith('/*')) continue
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${flat(Stack.of(role).resolve(arn))}]`,
      reason:
        "A prefix of the role's own: its keys are named after hours to come, so they can't be listed here.",
    })
  }
  return role
}

// As cdk-nag spells an ARN with references: `<Bucket.Arn>/rollups/*`.
function flat(value: unknown): string {
  if (typeof value === 'string') return value
  const { Ref, ...calls } = value as {
    Ref?: string
    'Fn::GetAtt'?: string[]
    'Fn::Join'?: [string, unknown[]]
  }
  if (Ref !== undefined) return `<${Ref}>`
  if (calls['Fn::GetAtt'] !== undefined) return `<${calls['Fn::GetAtt'].join('.')}>`
  const [between, parts] = calls['Fn::Join']!
  return parts.map(flat).join(between)
}

/** Refuses whoever comes without TLS, or with one older than 1.2. */
export function denyPlainText(bucketArn: string): PolicyStatement[] {
  const rest = { effect: Effect.DENY, actions: ['s3:*'], resources: [bucketArn, `${bucketArn}/*`] }
  return [
    denyAll('DenyPlainHttp', rest, { Bool: { 'aws:SecureTransport': 'false' } }),
    denyAll('DenyOldTls', rest, { NumericLessThan: { 's3:TlsVersion': '1.2' } }),
  ]
}

function denyAll(
  sid: string,
  rest: { readonly effect: Effect; readonly actions: string[]; readonly resources: string[] },
  conditions: Record<string, Record<string, string>>,
): PolicyStatement {
  const statement = new PolicyStatement({ sid, ...rest, conditions })
  statement.addAnyPrincipal()
  return statement
}
