// The app of the CDK: a stack for each installation, checked by cdk-nag's AwsSolutions rules.
//
// Nothing is looked up in an account, so the templates depend on this repository and the configuration alone. A finding
// that nobody acknowledged with a reason fails the synthesis.

import { Annotations, App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import type { ZonetollConfig } from './config.ts'
import { settleConfigs } from './settle-config.ts'
import { EXAMPLE_VPC } from './zonetoll.config.ts'
import { ZonetollStack } from './zonetoll-stack.ts'

/** The app with its stacks, not synthesised yet. Throws UsageError for a configuration that can't be deployed. */
export function appOf(configs: readonly ZonetollConfig[], options: { readonly outdir?: string } = {}): App {
  const installations = settleConfigs(configs)
  const app = new App({
    analyticsReporting: false,
    // What CloudFormation's own schemas refuse is an error, not a warning.
    context: { '@aws-cdk/core:validateAgainstDefaultRules': true },
    ...options,
  })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  for (const installation of installations) {
    const stack = new ZonetollStack(app, installation)
    if (installation.network.vpcId === EXAMPLE_VPC) {
      Annotations.of(stack).addInfo(
        'This is the example: put your VPC and clusters into apps/deploy/src/zonetoll.config.ts.',
      )
    }
  }
  return app
}
