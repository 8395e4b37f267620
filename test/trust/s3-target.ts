/**
 * The S3 server of these tests: a real one, that checks signatures.
 *
 *   ZONETOLL_TEST_S3_ENDPOINT   a server that is running; its credentials and region come from the AWS_ variables
 *   else                        moto, started here with its authentication on
 *   else                        none: the tests are skipped, which one line says; with CI set they fail instead
 *
 * Each bucket that a test makes has a name of its own and is emptied and removed at the end: the server may be used by
 * others. What only an IAM policy can do (deny one action) is moto's alone.
 */
import { randomBytes } from 'node:crypto'

import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'

import { motoWanted, startMoto, type Moto } from '../servers/moto.ts'

export interface S3Target {
  readonly url: string
  /** What a process needs to talk to it, path style. */
  readonly environment: Readonly<Record<string, string>>
  /** Null where the server isn't moto. */
  readonly moto: Moto | null
  /** A new bucket's name. */
  makeBucket(): Promise<string>
  put(bucket: string, key: string, body: Uint8Array | string): Promise<void>
  /** Null where there is none. */
  get(bucket: string, key: string): Promise<Buffer | null>
  remove(bucket: string, keys: readonly string[]): Promise<void>
  /** In the order of their UTF-8 bytes. */
  keys(bucket: string, prefix?: string): Promise<string[]>
  /** Multipart uploads that were neither completed nor aborted. */
  openUploads(bucket: string): Promise<number>
  close(): Promise<void>
}

const GIVEN = process.env['ZONETOLL_TEST_S3_ENDPOINT'] ?? ''
/** A process may be given other credentials; those of the tests are as they were at the start. */
const OURS = Object.fromEntries(
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_REGION'].flatMap(name => {
    const value = process.env[name]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  }),
)

/** Whether there is a server to be had; says so where there is none. */
export function s3Wanted(): boolean {
  return GIVEN !== '' || motoWanted()
}

/** Whether the server has IAM's policies too. */
export function policiesWanted(): boolean {
  return GIVEN === '' && motoWanted()
}

/** `others`: for each, the actions that one more key of moto's isn't allowed. */
export async function s3Target({
  others = [],
}: { readonly others?: readonly (readonly string[])[] } = {}): Promise<S3Target> {
  const moto = GIVEN === '' ? await startMoto({ others }) : null
  const url = moto?.url ?? GIVEN
  const given = { AWS_REGION: 'us-east-1', ...(moto === null ? OURS : moto.environment) }
  const { AWS_ENDPOINT_URL: _all, ...credentials } = given as Record<string, string>
  const environment: Readonly<Record<string, string>> = {
    ...credentials,
    AWS_ENDPOINT_URL_S3: url,
    ZONETOLL_S3_PATH_STYLE: '1',
  }
  const client = clientOf(environment)
  const buckets: string[] = []

  const remove = async (bucket: string, keys: readonly string[]) => {
    for (let at = 0; at < keys.length; at += 1000) {
      const Objects = keys.slice(at, at + 1000).map(Key => ({ Key }))
      await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }))
    }
  }
  const keysOf = async (bucket: string, prefix = '') => {
    const keys: string[] = []
    let token: string | undefined
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ContinuationToken: token,
          EncodingType: 'url',
        }),
      )
      for (const { Key } of page.Contents ?? []) keys.push(decodeURIComponent(Key!.replaceAll('+', ' ')))
      token = page.NextContinuationToken
    } while (token !== undefined)
    return keys
  }
  return {
    url,
    environment,
    moto,
    async makeBucket() {
      const bucket = `zonetoll-${randomBytes(8).toString('hex')}`
      await client.send(
        new CreateBucketCommand({ Bucket: bucket, ...locationOf(environment['AWS_REGION']!) }),
      )
      buckets.push(bucket)
      return bucket
    },
    async put(bucket, key, body) {
      const Body = typeof body === 'string' ? Buffer.from(body) : body
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body }))
    },
    async get(bucket, key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        return Buffer.from(await Body!.transformToByteArray())
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return null
        throw error
      }
    },
    remove,
    keys: keysOf,
    async openUploads(bucket) {
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
      return Uploads?.length ?? 0
    },
    async close() {
      if (moto === null) {
        for (const bucket of buckets) {
          await remove(bucket, await keysOf(bucket))
          await client.send(new DeleteBucketCommand({ Bucket: bucket }))
        }
      }
      client.destroy()
      await moto?.stop()
    },
  }
}

// us-east-1 is where a bucket goes without being told, and can't be told.
function locationOf(region: string) {
  return region === 'us-east-1'
    ? {}
    : { CreateBucketConfiguration: { LocationConstraint: region as 'us-east-2' } }
}

// Its own configuration: tests change the variables that the SDK reads.
function clientOf(environment: Readonly<Record<string, string>>): S3Client {
  const { AWS_SESSION_TOKEN: sessionToken } = environment
  return new S3Client({
    endpoint: environment['AWS_ENDPOINT_URL_S3']!,
    region: environment['AWS_REGION']!,
    forcePathStyle: true,
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY']!,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
  })
}
