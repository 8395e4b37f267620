// What a network interface belongs to: a service, and a name that a person knows it by.
//
// EC2 doesn't say in a field of its own which database or load balancer an interface serves. Its InterfaceType does for
// some, its RequesterId for a few, and its Description, which the services write to a fixed pattern, for most:
//
//   service          InterfaceType                    RequesterId          Description                                     name
//   nat-gateway      nat_gateway, natGateway                               Interface for NAT Gateway nat-…                 nat-…
//   nlb              network_load_balancer                                 ELB net/<name>/<id>                             <name>
//   alb                                                                    ELB app/<name>/<id>                             <name>
//   gwlb             gateway_load_balancer                                 ELB gwy/<name>/<id>                             <name>
//   clb              load_balancer                    amazon-elb           ELB <name>                                      <name>
//   vpc-endpoint     vpc_endpoint,                                         VPC Endpoint Interface vpce-…                   vpce-…
//                    gateway_load_balancer_endpoint
//   lambda           lambda                                                AWS Lambda VPC ENI-<function>-<uuid>            <function>
//   rds                                               amazon-rds           RDSNetworkInterface                             (none)
//   rds                                                                    Network interface for DBProxy <name>            <name>
//   elasticache                                       amazon-elasticache   ElastiCache <node>, ElastiCache+<node>          <node>
//   msk                                                                    …Amazon MSK network interface for cluster <arn>  name in it
//   efs                                                                    EFS mount target for fs-… (fsmt-…)              fs-…
//   eks                                                                    Amazon EKS <cluster>                            <cluster>
//   redshift                                          amazon-redshift      RedshiftNetworkInterface                        (none)
//   opensearch                                        amazon-elasticsearch ES <domain>                                     <domain>
//   dms                                                                    DMSNetworkInterface                             (none)
//   transit-gateway  transit_gateway                                       Network Interface for Transit Gateway Attachment tgw-attach-…
//   directory                                                              AWS created network interface for directory d-…  d-…
//   ecs                                                                    arn:aws:ecs:…:attachment/<id>                   <id>
//   others           api_gateway_managed, global_accelerator_managed, quicksight, iot_rules_managed,
//                    aws_codestar_connections_managed
//   ec2              (attached to an instance)                                                                             i-…
//
// An interface that is attached to an instance is the instance's, whatever its description says: its owner wrote that.
// Where the description has no name: the tag Name, else the first security group but `default` (RDS: usually named for
// the database), else the interface's ID.
//
// Sources: Amazon EC2 API Reference, NetworkInterface (InterfaceType, RequesterId); the user guides of Elastic Load
// Balancing, NAT gateways, PrivateLink, Lambda, EFS, MSK and EKS on the interfaces they make; descriptions as they stand
// in public inventories and Terraform states.

/** What EC2 says of an interface, as far as it matters here. */
export interface InterfaceFacts {
  readonly id: string
  readonly type: string | null
  readonly requester: string | null
  readonly description: string
  /** Null where it isn't attached to an instance of one's own. */
  readonly instance: string | null
  readonly nameTag: string | null
  readonly groups: readonly string[]
}

export interface InterfaceOwner {
  /** Null where nothing tells. */
  readonly service: string | null
  readonly name: string
}

interface Rule {
  readonly service: string
  readonly types?: readonly string[]
  readonly requester?: string
  /** May have a group `name`. */
  readonly description?: RegExp
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

// In this order; the first that holds decides.
const RULES: readonly Rule[] = [
  {
    service: 'nat-gateway',
    types: ['nat_gateway', 'natGateway'],
    description: /^Interface for NAT Gateway (?<name>nat-\w+)/,
  },
  { service: 'nlb', types: ['network_load_balancer'], description: /^ELB net\/(?<name>[^/]+)/ },
  { service: 'alb', description: /^ELB app\/(?<name>[^/]+)/ },
  { service: 'gwlb', types: ['gateway_load_balancer'], description: /^ELB gwy\/(?<name>[^/]+)/ },
  {
    service: 'clb',
    types: ['load_balancer'],
    requester: 'amazon-elb',
    description: /^ELB (?<name>[^/\s]+)$/,
  },
  {
    service: 'vpc-endpoint',
    types: ['vpc_endpoint', 'gateway_load_balancer_endpoint'],
    description: /^VPC Endpoint Interface (?<name>vpce-\w+)/,
  },
  {
    service: 'lambda',
    types: ['lambda'],
    description: new RegExp(`^AWS Lambda VPC ENI[-:] ?(?<name>.+?)(?:-${UUID})?$`),
  },
  { service: 'rds', description: /^Network interface for DBProxy (?<name>\S+)/ },
  { service: 'rds', requester: 'amazon-rds', description: /^RDSNetworkInterface$/ },
  { service: 'elasticache', requester: 'amazon-elasticache', description: /^ElastiCache[ +](?<name>\S+)/ },
  {
    service: 'msk',
    description:
      /Amazon MSK network interface for cluster arn:[\w-]+:kafka:[\w-]*:\d*:cluster\/(?<name>[^/\s]+)/,
  },
  { service: 'efs', description: /^EFS mount target for (?<name>fs-\w+)/ },
  { service: 'eks', description: /^Amazon EKS (?<name>[0-9A-Za-z][\w-]*)$/ },
  { service: 'redshift', requester: 'amazon-redshift', description: /^RedshiftNetworkInterface$/ },
  { service: 'opensearch', requester: 'amazon-elasticsearch', description: /^ES (?<name>\S+)$/ },
  { service: 'dms', description: /^DMSNetworkInterface$/ },
  {
    service: 'transit-gateway',
    types: ['transit_gateway'],
    description: /^Network Interface for Transit Gateway Attachment (?<name>tgw-[\w-]+)/i,
  },
  { service: 'directory', description: /^AWS created network interface for directory (?<name>d-\w+)/ },
  { service: 'ecs', description: /^arn:[\w-]+:ecs:[\w-]*:\d*:attachment\/(?<name>[\w-]+)/ },
  { service: 'api-gateway', types: ['api_gateway_managed'] },
  { service: 'global-accelerator', types: ['global_accelerator_managed'] },
  { service: 'quicksight', types: ['quicksight'] },
  { service: 'iot', types: ['iot_rules_managed'] },
  { service: 'codestar', types: ['aws_codestar_connections_managed'] },
]

/** Whose the interface is. */
export function ownerOf(facts: InterfaceFacts): InterfaceOwner {
  const { id, type, requester, description, instance, nameTag, groups } = facts
  if (instance !== null) return { service: 'ec2', name: nameTag ?? instance }
  const group = groups.filter(name => name !== 'default').sort()[0]
  const otherName = nameTag ?? group ?? id
  for (const rule of RULES) {
    const match = rule.description?.exec(description)
    if (match) return { service: rule.service, name: match.groups?.['name'] ?? otherName }
    if (type !== null && rule.types?.includes(type)) return { service: rule.service, name: otherName }
    if (requester !== null && requester === rule.requester) return { service: rule.service, name: otherName }
  }
  return { service: null, name: otherName }
}
