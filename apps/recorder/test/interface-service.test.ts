import { describe, expect, test } from 'vitest'

import { ownerOf, type InterfaceFacts } from '../src/interface-service.ts'

function facts(parts: Partial<InterfaceFacts>): InterfaceFacts {
  const none = {
    id: 'eni-0f',
    type: 'interface',
    requester: null,
    description: '',
    instance: null,
    nameTag: null,
    groups: [],
  }
  return { ...none, ...parts }
}

describe('whose a network interface is', () => {
  test.each([
    ['nat-gateway', 'nat-0a1b', { type: 'nat_gateway', description: 'Interface for NAT Gateway nat-0a1b' }],
    ['nat-gateway', 'eni-0f', { type: 'natGateway' }],
    ['nlb', 'edge', { type: 'network_load_balancer', description: 'ELB net/edge/50dc6c495c0c9188' }],
    ['alb', 'shop-web', { requester: 'amazon-elb', description: 'ELB app/shop-web/50dc6c495c0c9188' }],
    ['gwlb', 'inspect', { type: 'gateway_load_balancer', description: 'ELB gwy/inspect/50dc6c495c0c9188' }],
    ['clb', 'a1b2c3d4', { requester: 'amazon-elb', description: 'ELB a1b2c3d4' }],
    [
      'vpc-endpoint',
      'vpce-0123abcd',
      { type: 'vpc_endpoint', description: 'VPC Endpoint Interface vpce-0123abcd' },
    ],
    ['vpc-endpoint', 'eni-0f', { type: 'gateway_load_balancer_endpoint' }],
    [
      'lambda',
      'orders-worker',
      {
        type: 'lambda',
        description: 'AWS Lambda VPC ENI-orders-worker-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
      },
    ],
    [
      'rds',
      'orders-db',
      { requester: 'amazon-rds', description: 'RDSNetworkInterface', groups: ['default', 'orders-db'] },
    ],
    ['rds', 'eni-0f', { requester: 'amazon-rds', description: 'RDSNetworkInterface', groups: ['default'] }],
    ['rds', 'orders-proxy', { description: 'Network interface for DBProxy orders-proxy' }],
    [
      'elasticache',
      'sessions-001',
      { requester: 'amazon-elasticache', description: 'ElastiCache sessions-001' },
    ],
    ['elasticache', 'sessions-001', { description: 'ElastiCache+sessions-001' }],
    [
      'msk',
      'events',
      {
        description:
          'DO NOT DELETE - Amazon MSK network interface for cluster arn:aws:kafka:us-east-2:111122223333:cluster/events/6411a16c-75d7-48b0-afdb-8ed466fe2072-2.',
      },
    ],
    ['efs', 'fs-0123abcd', { description: 'EFS mount target for fs-0123abcd (fsmt-0852ce33)' }],
    ['eks', 'demo', { description: 'Amazon EKS demo' }],
    ['redshift', 'eni-0f', { description: 'RedshiftNetworkInterface' }],
    ['opensearch', 'logs', { description: 'ES logs' }],
    [
      'transit-gateway',
      'tgw-attach-0a',
      {
        type: 'transit_gateway',
        description: 'Network Interface for Transit Gateway Attachment tgw-attach-0a',
      },
    ],
    ['ec2', 'i-0a1', { instance: 'i-0a1', description: 'aws-K8S-i-0a1' }],
    [null, 'my-sg', { description: 'hand-made', groups: ['my-sg'] }],
    [null, 'eni-0f', { type: null }],
  ] as const)('%s, named %s', (service, name, parts) => {
    expect(ownerOf(facts(parts))).toEqual({ service, name })
  })

  test("an instance's interface is the instance's, whatever its owner wrote into the description", () => {
    const owner = ownerOf(
      facts({ instance: 'i-0a1', description: 'ELB net/edge/50dc6c495c0c9188', type: 'lambda' }),
    )
    expect(owner).toEqual({ service: 'ec2', name: 'i-0a1' })
  })

  test('of several security groups the first by name counts, so that the name is the same each time', () => {
    expect(ownerOf(facts({ requester: 'amazon-rds', groups: ['z', 'default', 'b'] })).name).toBe('b')
    expect(ownerOf(facts({ requester: 'amazon-rds', groups: ['b', 'z', 'default'] })).name).toBe('b')
  })

  test('the Name tag goes before the security group, and a name in the description before both', () => {
    const named = { nameTag: 'mine', groups: ['group'] }
    expect(ownerOf(facts({ ...named, description: 'RDSNetworkInterface' })).name).toBe('mine')
    expect(ownerOf(facts({ ...named, description: 'Amazon EKS demo' })).name).toBe('demo')
  })
})
