// Your installations: edit this file, then `pnpm cdk deploy`. Each is a stack; config.ts says what every option means.

import type { ZonetollConfig } from './config.ts'

/** The example's VPC: synthesised, it shows what a stack looks like; deployed, AWS refuses it. */
export const EXAMPLE_VPC = 'vpc-0123456789abcdef0'

export const installations: readonly ZonetollConfig[] = [
  {
    name: 'Zonetoll',
    clusters: [{ name: 'demo' }],
    network: {
      vpcId: EXAMPLE_VPC,
      subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    },
    flowLog: { kind: 'create' },
    // alarms: { email: 'you@example.com' },
  },
]
