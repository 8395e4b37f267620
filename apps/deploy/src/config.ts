// What an installation is: one stack's options, as a user writes them in zonetoll.config.ts.
//
// Everything the stack needs to know of the account stands here, so that it is synthesised without asking AWS: no
// network, no credentials, the same template on every machine. What is left out has the default that settle-config.ts
// gives it.

export interface ZonetollConfig {
  /** The stack's name. Nothing inside has a fixed name, so two stacks can stand side by side. */
  readonly name: string
  /** Account and region. Left out: those of the credentials that deploy it. */
  readonly account?: string
  readonly region?: string
  /** The EKS clusters to record; each has its own recorder, worker and roles. They lie in the stack's account and region. */
  readonly clusters: readonly ClusterConfig[]
  readonly network: NetworkConfig
  readonly flowLog: NewFlowLog | ExistingFlowLogs
  /**
   * The image's URI, `111122223333.dkr.ecr.us-east-2.amazonaws.com/zonetoll:0.1.0` for one. Left out: it is built from
   * this repository's Dockerfile when the stack is deployed, which takes Docker.
   */
  readonly image?: string
  /** `arm64` (the default) is a fifth cheaper. */
  readonly architecture?: 'arm64' | 'x86_64'
  readonly recorder?: RecorderConfig
  readonly worker?: WorkerConfig
  readonly retention?: RetentionConfig
  readonly alarms?: AlarmConfig
  /** A Glue table over the rollups, with partition projection, for Athena. Off if left out. */
  readonly athenaTable?: boolean
  /** ARNs of roles that may read the buckets' server access logs. Left out: nothing may, not even an administrator. */
  readonly accessLogReaders?: readonly string[]
}

export interface ClusterConfig {
  readonly name: string
  /**
   * The cluster's security group (`aws eks describe-cluster --query cluster.resourcesVpcConfig.clusterSecurityGroupId`).
   * Needed where the API server has a private endpoint: the recorder is let in on port 443.
   */
  readonly securityGroupId?: string
}

export interface NetworkConfig {
  readonly vpcId: string
  /** Where tasks run. They need a way out to AWS's APIs: a NAT gateway, endpoints, or `assignPublicIp`. */
  readonly subnetIds: readonly string[]
  /** For public subnets without a NAT gateway. Nothing is let in either way. */
  readonly assignPublicIp?: boolean
}

/** A flow log of the stack's own, in a bucket of its own. */
export interface NewFlowLog {
  readonly kind: 'create'
  /** What is logged; left out: the network's VPC. */
  readonly vpcId?: string
  /** Also log interface-type and next-hop-az-id, the fields of version 11 that Zonetoll makes use of. */
  readonly version11?: boolean
}

/** Flow logs that are there already. */
export interface ExistingFlowLogs {
  readonly kind: 'existing'
  /** `s3://bucket/prefix`. The nearer to the objects, the less the worker may read. */
  readonly logs: readonly string[]
  /** Read these only; left out: all. */
  readonly flowLogIds?: readonly string[]
  /** The keys that the objects are encrypted with, where they are. */
  readonly kmsKeyArns?: readonly string[]
  /** Of another account: a role to read all of `logs` with, which must let the worker's role assume it. */
  readonly roleArn?: string
}

export interface RecorderConfig {
  /** `service` watches; `scheduled` takes a snapshot now and then, and misses pods born and gone between two. */
  readonly mode?: 'service' | 'scheduled'
  /** Minutes between snapshots when scheduled. */
  readonly everyMinutes?: number
  /** In Fargate's units: 1024 is one vCPU. */
  readonly cpu?: number
  readonly memoryMiB?: number
}

export interface WorkerConfig {
  /** The minute of each hour at which it runs. */
  readonly minute?: number
  /** Minutes after an hour's end in which its objects may still arrive. */
  readonly settleMinutes?: number
  /** How far back each run looks for hours to make or mend. */
  readonly lookbackHours?: number
  readonly cpu?: number
  readonly memoryMiB?: number
  /** Above 1 each hour is made by so many tasks on AWS Batch, then merged. */
  readonly shards?: number
}

/** Days. Null: for ever. */
export interface RetentionConfig {
  readonly flowLogDays?: number
  readonly assignmentDays?: number
  readonly rollupDays?: number | null
  readonly accessLogDays?: number
  /** Of the tasks' own logs: one of the numbers that CloudWatch Logs knows. */
  readonly taskLogDays?: number
}

export interface AlarmConfig {
  /** Who is told; AWS asks them to confirm. Left out: the alarms are there, and nobody is told. */
  readonly email?: string
  /** Percent of an hour's bytes that can't be attributed. */
  readonly unattributedPercent?: number
  /** Minutes without a sign of life in the assignment log. */
  readonly staleMinutes?: number
}
