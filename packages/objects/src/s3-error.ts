// What the SDK throws, as a StoreError: which bucket or key, what the server said, what to do.
//
// An error of S3 has the code of its XML body as its name and the HTTP status in $metadata. An answer to HEAD has no
// body: there only the status speaks. An error of the connection has Node's code.
// Source: Amazon S3 API Reference, Error responses, List of error codes.

import { oneLine, StoreError, type StoreProblem } from './store-error.ts'

interface SdkError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
  readonly Region?: string
}

/** What was asked: the URI of the key or prefix, the bucket's name, and the permission that the call needs. */
export interface S3Call {
  readonly uri: string
  readonly bucket: string
  readonly permission: string
  /** The role that asks, null for the run's own credentials. */
  readonly roleArn: string | null
}

const PROBLEMS: Readonly<Record<string, StoreProblem>> = {
  InvalidBucketName: 'badUri',
  NoSuchBucket: 'missingBucket',
  NoSuchKey: 'missingObject',
  NotFound: 'missingObject',
  NoSuchUpload: 'failed',
  CredentialsProviderError: 'noCredentials',
  TokenProviderError: 'noCredentials',
  AssumeRoleError: 'refused',
  AccessDenied: 'refused',
  AllAccessDisabled: 'refused',
  AccountProblem: 'refused',
  ExpiredToken: 'refused',
  InvalidAccessKeyId: 'refused',
  InvalidToken: 'refused',
  RequestTimeTooSkewed: 'refused',
  SignatureDoesNotMatch: 'refused',
  AuthorizationHeaderMalformed: 'wrongRegion',
  IllegalLocationConstraintException: 'wrongRegion',
  PermanentRedirect: 'wrongRegion',
  TemporaryRedirect: 'wrongRegion',
  PreconditionFailed: 'changed',
  InvalidRange: 'changed',
  InvalidObjectState: 'archived',
  SlowDown: 'busy',
  ServiceUnavailable: 'busy',
  InternalError: 'busy',
  RequestTimeout: 'stalled',
  NotImplemented: 'notSupported',
}

const STATUS_PROBLEMS: Readonly<Record<number, StoreProblem>> = {
  301: 'wrongRegion',
  307: 'wrongRegion',
  401: 'refused',
  403: 'refused',
  404: 'missingObject',
  412: 'changed',
  416: 'changed',
  429: 'busy',
  501: 'notSupported',
  505: 'notSupported',
  507: 'full',
}

const CONNECTION_PROBLEMS: Readonly<Record<string, StoreProblem>> = {
  EAI_AGAIN: 'unreachable',
  ECONNREFUSED: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unreachable',
  ECONNRESET: 'cut',
  EPIPE: 'cut',
  ETIMEDOUT: 'stalled',
}

export function s3Error(cause: unknown, call: S3Call): StoreError {
  if (cause instanceof StoreError) return cause
  const error = cause as SdkError
  const reason = problemOf(error)
  return new StoreError(reason, messageOf(reason, error, call), cause)
}

function problemOf(error: SdkError): StoreProblem {
  const { name, code, message } = error
  const known = PROBLEMS[name] ?? (code === undefined ? undefined : CONNECTION_PROBLEMS[code])
  if (known !== undefined) return known
  const status = error.$metadata?.httpStatusCode
  const byStatus = status === undefined ? undefined : STATUS_PROBLEMS[status]
  if (byStatus !== undefined) return byStatus
  if (status !== undefined && status >= 500) return 'busy'
  // The SDK's own timeout has no code; a connection that wasn't made in time says so in its text only.
  if (name === 'TimeoutError') return /connect/i.test(message) ? 'unreachable' : 'stalled'
  return 'failed'
}

function messageOf(reason: StoreProblem, error: SdkError, call: S3Call): string {
  const { uri, bucket, roleArn } = call
  if (error.name === 'AssumeRoleError') {
    const said = saidBy((error as unknown as Error).cause as SdkError)
    return `${uri}: the role ${roleArn} can't be assumed (${said}); the run's own credentials need sts:AssumeRole on it, and its trust policy must name them`
  }
  const said = `(${saidBy(error)})`
  // Of an upload that was complete when the answer got lost, or that a rule of the bucket cleared away.
  if (error.name === 'NoSuchUpload') {
    return `${uri}: the upload was gone when it was to be completed ${said}; what stands there may be the new object or the old one, run again`
  }
  switch (reason) {
    case 'badUri':
      return `${uri}: ${bucket} can't be a bucket's name ${said}; check the URI`
    case 'missingBucket':
      return `${uri}: the bucket ${bucket} does not exist; check its name, and that AWS_ENDPOINT_URL_S3, where set, is the server that has it`
    case 'missingObject':
      return `${uri} does not exist: it was removed since it was listed, or the name is wrong`
    case 'noCredentials':
      return `${uri}: no AWS credentials to ask with ${said}; set AWS_PROFILE, log in with aws sso login, or run with a role`
    case 'refused':
      return `${uri}: refused ${said}; ${refusalRemedy(error, call)}`
    case 'wrongRegion': {
      const region = error.$response?.headers?.['x-amz-bucket-region'] ?? error.Region
      const remedy = region === undefined ? "the bucket's region" : oneLine(region)
      return `${uri}: the bucket ${bucket} is in another region ${said}; set AWS_REGION to ${remedy}`
    }
    case 'unreachable':
      return `${uri}: the S3 endpoint can't be reached ${said}; check the network, AWS_REGION and AWS_ENDPOINT_URL_S3`
    case 'busy':
      return `${uri}: the server can't serve now ${said}, and didn't when asked again; run again later`
    case 'notSupported':
      return `${uri}: the server doesn't know such a request ${said}; where it isn't S3 itself, AWS_REQUEST_CHECKSUM_CALCULATION=WHEN_REQUIRED may help`
    case 'full':
      return `${uri}: the server has no room left ${said}; make room there, then run again`
    case 'changed':
      return `${uri} isn't the object that was listed: it changed meanwhile; run again when nothing writes to it`
    case 'archived':
      return `${uri} is in an archive storage class; restore it first (aws s3api restore-object)`
    case 'stalled':
      return `${uri}: no answer in time ${said}, and none when asked again; check the network, run again`
    case 'cut':
      return `${uri}: the connection broke ${said}, and did when tried again; check the network, run again`
    default:
      return `${uri}: the call failed ${said}`
  }
}

function refusalRemedy(error: SdkError, { permission, bucket, roleArn }: S3Call): string {
  switch (error.name) {
    case 'ExpiredToken':
    case 'InvalidToken':
      return 'the session is over: log in again'
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
      return 'the credentials are wrong: check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
    case 'RequestTimeTooSkewed':
      return "this machine's clock is wrong: set it"
    default: {
      const who = roleArn === null ? 'the credentials need' : `the role ${roleArn} needs`
      const need = `${who} ${permission} on ${bucket}`
      // An answer without a body doesn't tell a wrong signature from a missing permission.
      const also = error.name === 'AccessDenied' ? '' : ', or are wrong'
      if (permission === 's3:ListBucket') return need + also
      return `${need} (and s3:ListBucket, or what doesn't exist looks refused; and the KMS key, where it is encrypted)${also}`
    }
  }
}

// The text of a refusal names what is missing and holds no secret. A credential process is named by its whole command
// line, which may hold one.
function saidBy({ name, message, code, $metadata }: SdkError): string {
  const status = $metadata?.httpStatusCode === undefined ? '' : `HTTP ${$metadata.httpStatusCode} `
  const text = oneLine(message ?? '')
  if (text === '' || text === 'UnknownError' || text === name || text.startsWith('Command failed')) {
    return `${status}${oneLine(code ?? name)}`
  }
  return `${status}${oneLine(name)}: ${text}`
}
