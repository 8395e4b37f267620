// What the CDK's command line runs: `pnpm cdk synth`, `pnpm cdk diff`, `pnpm cdk deploy`.

import { complain, UsageError } from '@zonetoll/command'
import { appOf } from './synthesise.ts'
import { installations } from './zonetoll.config.ts'

const WRONG_CONFIGURATION = 2

try {
  appOf(installations).synth()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  complain(error.message, error)
  process.exitCode = WRONG_CONFIGURATION
}
