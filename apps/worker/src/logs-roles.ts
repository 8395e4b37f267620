// The roles that read flow logs of other accounts: `--logs-role-arn`.
//
//   ARN          for every s3:// URI of --logs that has none of its own
//   URI=ARN      for that URI, spelt as --logs has it
//
// By name, not by position: an order of URIs and an order of roles, in variables of a task definition, drift apart
// without a word. A role's name may hold '=', an S3 key too; ARNs of roles begin in one way.

import { BadValue, UsageError } from '@zonetoll/command'

export interface LogsRole {
  /** Null: all. */
  readonly uri: string | null
  readonly roleArn: string
}

const ROLE = /^(?:(.*)=)?(arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,576})$/s

/** `arn:aws:iam::123456789012:role/logs` or `s3://bucket/prefix=arn:…`. Throws BadValue. */
export function readLogsRole(text: string): LogsRole {
  const parts = ROLE.exec(text)
  if (parts === null || parts[1] === '') {
    throw new BadValue(
      'Expected a role like arn:aws:iam::123456789012:role/logs, or s3://bucket/prefix=arn:aws:iam::123456789012:role/logs.',
    )
  }
  return { uri: parts[1] ?? null, roleArn: parts[2]! }
}

/** The role of each URI, undefined for the run's own credentials. Throws UsageError naming the role or URI that doesn't fit. */
export function rolesOf(logs: readonly string[], roles: readonly LogsRole[]): (string | undefined)[] {
  const byUri = new Map<string | null, string>()
  for (const { uri, roleArn } of roles) {
    const key = uri === null ? null : plain(uri)
    const known = byUri.get(key)
    if (known !== undefined && known !== roleArn) {
      throw new UsageError(
        `--logs-role-arn gives two roles for ${uri ?? 'all of --logs'}: ${known} and ${roleArn}. For one of several URIs write URI=ARN`,
      )
    }
    byUri.set(key, roleArn)
    const fits = logs.filter(log => isBucket(log) && (uri === null || plain(log) === key))
    if (fits.length === 0) {
      const which = uri === null ? 'no s3:// URI is' : `${uri} is not an s3:// URI`
      throw new UsageError(`--logs-role-arn ${roleArn}: ${which} among --logs (${logs.join(', ')})`)
    }
  }
  return logs.map(log => (isBucket(log) ? (byUri.get(plain(log)) ?? byUri.get(null)) : undefined))
}

function isBucket(uri: string): boolean {
  return /^s3:\/\//i.test(uri)
}

function plain(uri: string): string {
  return uri.replace(/\/$/, '')
}
