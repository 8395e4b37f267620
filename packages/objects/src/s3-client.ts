// The SDK and its client: loaded when a bucket is first asked for something, so that a run over folders doesn't pay
// for it, and one client for one configuration, so that all stores share its connections and credentials.
//
// Credentials, region, profile, endpoint (AWS_ENDPOINT_URL_S3) and retry settings are the SDK's own business and come
// from where it looks for them. Of ours are:
//
//   responseChecksumValidation   WHEN_REQUIRED: the CRC64 of a read costs as much CPU as gunzip, whose CRC checks the
//                                same bytes. Writes keep their checksums: nothing else would check them
//   maxSockets                   a body that is read slowly holds a connection; the default of 50 would make the
//                                others wait for it
//   requestTimeout               (a call's own) how long the headers of an answer may take
//   socketTimeout                how long a connection may move no byte: catches a write that the server stops
//                                reading. Longer than the time that a body's reader allows, which it mustn't forestall
//   region                       us-east-1 where none is configured: servers that aren't AWS don't care
//   credentials                  a role's where one is named: assumed with the SDK's own, renewed before they end

import type * as sdkModule from '@aws-sdk/client-s3'

export interface S3Session {
  readonly sdk: typeof sdkModule
  readonly client: sdkModule.S3Client
}

export interface S3ClientOptions {
  /** How long a server may send nothing, in milliseconds. */
  readonly stallTimeoutMs: number
  /** A role to assume, null for none. */
  readonly roleArn: string | null
}

/** What the role's own log of calls shows who asked. */
const ROLE_SESSION_NAME = 'zonetoll'
const MAX_SOCKETS = 256
const CONNECTION_TIMEOUT_MS = 5_000
const MAX_ATTEMPTS = 5

const sessions = new Map<string, Promise<S3Session>>()

/** The session for the options and the environment as it is now. */
export function s3Session(options: S3ClientOptions): Promise<S3Session> {
  const settings = Object.entries(process.env).filter(([name]) => /^(?:AWS_|ZONETOLL_S3_)/.test(name))
  const key = JSON.stringify([options.stallTimeoutMs, options.roleArn, settings])
  let session = sessions.get(key)
  if (session === undefined) {
    session = createSession(options)
    sessions.set(key, session)
    // A configuration that can't be read may be mended before the next call.
    session.catch(() => sessions.delete(key))
  }
  return session
}

async function createSession({ stallTimeoutMs, roleArn }: S3ClientOptions): Promise<S3Session> {
  const [sdk, { NodeHttpHandler }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@smithy/node-http-handler'),
  ])
  const role = roleArn === null ? {} : { credentials: await credentialsOf(roleArn) }
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS }
  const create = (region?: string) =>
    new sdk.S3Client({
      ...(region === undefined ? {} : { region }),
      ...role,
      // Left to the SDK where the environment says it.
      ...(process.env['AWS_MAX_ATTEMPTS'] === undefined ? { maxAttempts: MAX_ATTEMPTS } : {}),
      forcePathStyle: process.env['ZONETOLL_S3_PATH_STYLE'] === '1',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: new NodeHttpHandler({
        connectionTimeout: CONNECTION_TIMEOUT_MS,
        socketTimeout: 3 * stallTimeoutMs,
        throwOnRequestTimeout: true,
        httpAgent: agent,
        httpsAgent: agent,
      }),
    })
  const client = create()
  try {
    await client.config.region()
    return { sdk, client }
  } catch {
    client.destroy()
    return { sdk, client: create('us-east-1') }
  }
}

/** A role that could not be assumed; the cause is what the token service, or the way to it, said. */
export class AssumeRoleError extends Error {
  override readonly name = 'AssumeRoleError'
}

async function credentialsOf(roleArn: string) {
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers')
  const assume = fromTemporaryCredentials({
    params: { RoleArn: roleArn, RoleSessionName: ROLE_SESSION_NAME },
  })
  return async (...asked: Parameters<typeof assume>) => {
    try {
      return await assume(...asked)
    } catch (cause) {
      throw new AssumeRoleError(`${roleArn}: ${(cause as Error).message}`, { cause })
    }
  }
}
