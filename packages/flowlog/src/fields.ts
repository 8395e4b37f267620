// The columns of a flow log that Zonetoll reads, out of the forty-odd that AWS can write.
//
// A custom format is any subset of AWS's fields in any order; `version` doesn't tell which. Only the object's
// own header line does: hyphenated names, single spaces. Parquet flow logs spell the same names with underscores.
// Source: VPC User Guide, "Flow log records".

/** One needed or useful column; its place in FIELDS is its slot, the index by which a scanner keeps it. */
export const FIELDS = [
  'source',
  'destination',
  'bytes',
  'start',
  'flow-direction',
  'end',
  'packets',
  'log-status',
  'action',
  'instance-id',
  'interface-id',
  'az-id',
  'interface-type',
] as const

export type Field = (typeof FIELDS)[number]

export const SOURCE = 0
export const DESTINATION = 1
export const BYTES = 2
export const START = 3
export const DIRECTION = 4
export const END = 5
export const PACKETS = 6
export const STATUS = 7
export const ACTION = 8
export const INSTANCE = 9
export const INTERFACE = 10
export const ZONE = 11
export const INTERFACE_TYPE = 12

export const SLOTS = FIELDS.length

/** The custom format that has all Zonetoll can use, as `aws ec2 create-flow-logs --log-format` takes it. */
export const LOG_FORMAT = [
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
  .map(name => `\${${name}}`)
  .join(' ')

/** Names that AWS gives to columns: what tells a header line from a record. */
export const AWS_FIELDS: ReadonlySet<string> = new Set(
  [
    'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status',
    'vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr',
    'region az-id sublocation-type sublocation-id',
    'pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path',
    'ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id',
    'ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id',
    'reject-reason resource-id encryption-status interface-type next-hop-interface-id next-hop-subnet-id',
    'next-hop-az-id next-hop-vpc-id next-hop-interface-type resource-type tgw-id tgw-attachment-id',
  ].flatMap(names => names.split(' ')),
)
