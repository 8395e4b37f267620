// Ways for a command to end that aren't success: each has an exit status and says what to do.

/** Wrong arguments or configuration: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The run failed, and the message is for the user as it is: exit status 1. */
export class RunError extends Error {
  override readonly name = 'RunError'
}
