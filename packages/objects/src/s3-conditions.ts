// What a server's refusal of a conditional write means: another write came first, or it knows no conditions.

import type { StoreError } from './store-error.ts'

// Codes of S3; what has no body to tell one is named by its status.
const UNKNOWN_HEADER = new Set(['InvalidArgument', 'InvalidRequest', 'NotImplemented', 'BadRequest', '400'])

/**
 * 412: something else stands. 409: another write is under way. 404: nothing stands where something was expected.
 * Source: Amazon S3 User Guide, Conditional writes.
 */
export function isConflict({ cause, reason }: StoreError): boolean {
  const { name } = cause as Error
  const status = statusOf(cause)
  return status === 412 || status === 409 || (reason === 'missingObject' && name !== 'NoSuchUpload')
}

/** As a server answers to a header that it doesn't know, or to something else that is wrong: the request without it tells. */
export function mayKnowNoConditions({ cause }: StoreError): boolean {
  const { name } = cause as Error
  const status = statusOf(cause)
  return status === 501 || status === 405 || (status === 400 && UNKNOWN_HEADER.has(name))
}

function statusOf(cause: unknown): number | undefined {
  return (cause as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
}
