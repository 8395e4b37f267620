// Where tasks run: the configured subnets, with a security group that lets nothing in and only HTTPS out.

// oxlint-disable eslint/no-new -- a construct adds itself to its scope

import { CfnSecurityGroup, CfnSecurityGroupIngress } from 'aws-cdk-lib/aws-ec2'
import { Construct } from 'constructs'
import type { Installation } from './settle-config.ts'

const HTTPS = 443

export class TaskNetwork extends Construct {
  readonly subnetIds: string[]
  readonly securityGroupIds: string[]
  readonly assignPublicIp: 'ENABLED' | 'DISABLED'

  constructor(scope: Construct, id: string, { clusters, network }: Installation) {
    super(scope, id)
    const anywhere = {
      ipProtocol: 'tcp',
      fromPort: HTTPS,
      toPort: HTTPS,
      description: 'APIs of AWS and Kubernetes',
    }
    const group = new CfnSecurityGroup(this, 'SecurityGroup', {
      groupDescription: 'Tasks of Zonetoll: nothing in, HTTPS out',
      vpcId: network.vpcId,
      securityGroupEgress: [
        { ...anywhere, cidrIp: '0.0.0.0/0' },
        { ...anywhere, cidrIpv6: '::/0' },
      ],
    })
    this.subnetIds = [...network.subnetIds]
    this.securityGroupIds = [group.attrGroupId]
    this.assignPublicIp = network.assignPublicIp ? 'ENABLED' : 'DISABLED'
    for (const { name, securityGroupId } of clusters) {
      if (securityGroupId === undefined) continue
      new CfnSecurityGroupIngress(this, `ApiServer-${name}`, {
        groupId: securityGroupId,
        ipProtocol: 'tcp',
        fromPort: HTTPS,
        toPort: HTTPS,
        sourceSecurityGroupId: group.attrGroupId,
        description: 'Zonetoll reads pods and nodes',
      })
    }
  }

  /** As ECS and EventBridge Scheduler take it; they share the shape. */
  get awsvpcConfiguration(): {
    subnets: string[]
    securityGroups: string[]
    assignPublicIp: 'ENABLED' | 'DISABLED'
  } {
    return {
      subnets: this.subnetIds,
      securityGroups: this.securityGroupIds,
      assignPublicIp: this.assignPublicIp,
    }
  }
}
