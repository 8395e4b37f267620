// A location with a role: it is assumed with moto's STS, and what is asked is asked with it.

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeMotoRole } from '../../../test/servers/moto-role.ts'
import { motoWanted, startMoto, type Moto } from '../../../test/servers/moto.ts'
import { startS3Server } from '../../../test/servers/s3-server.ts'
import { openLocation } from '../src/index.ts'
import { BUCKET, bytesOf, list, noise, pointAt, QUICK, stored } from './stores.ts'

const ROLE = 'arn:aws:iam::123456789012:role/logs'

describe.runIf(motoWanted())('over moto', () => {
  let moto: Moto

  /** Points the SDK at moto, with its key. */
  function useMoto(more: Record<string, string> = {}): void {
    pointAt(moto.url, { ...moto.environment, ZONETOLL_S3_PATH_STYLE: '1', ...more })
  }

  beforeAll(async () => {
    moto = await startMoto()
    useMoto()
    const client = new S3Client({ forcePathStyle: true })
    const CreateBucketConfiguration = { LocationConstraint: moto.region as 'us-east-2' }
    await client.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration }))
    expect(await makeMotoRole(moto, 'logs', ['s3:ListBucket', 's3:GetObject'])).toBe(ROLE)
  }, 30_000)

  afterAll(async () => {
    await moto.stop()
  })

  afterEach(() => {
    useMoto()
  })

  test('what the role may read is read', async () => {
    useMoto()
    await openLocation(`s3://${BUCKET}`, QUICK).store.write('logs/a', noise(5000))
    const { store } = openLocation(`s3://${BUCKET}`, { ...QUICK, roleArn: ROLE })
    expect(await list(store, 'logs/')).toEqual(['logs/a'])
    expect((await bytesOf(store.read(await stored(store, 'logs/a')))).equals(noise(5000))).toBe(true)
  })

  test('what the role may not do is refused, though the run’s own credentials may', async () => {
    useMoto()
    const { store } = openLocation(`s3://${BUCKET}`, { ...QUICK, roleArn: ROLE })
    const failure = (await store.write('logs/b', noise(10)).catch((error: unknown) => error)) as Error
    expect(failure).toMatchObject({ reason: 'refused' })
    expect(failure.message).toContain(`the role ${ROLE} needs s3:PutObject on ${BUCKET}`)
    await openLocation(`s3://${BUCKET}`, QUICK).store.write('logs/b', noise(10))
  })

  test('a role that is not there is one message with what it needs', async () => {
    useMoto({ AWS_SECRET_ACCESS_KEY: 'wrong' })
    const { store } = openLocation(`s3://${BUCKET}`, { ...QUICK, roleArn: ROLE })
    const failure = (await list(store, 'logs/').catch((error: unknown) => error)) as Error
    expect(failure).toMatchObject({ reason: 'refused' })
    expect(failure.message).toMatch(
      /^s3:\/\/zonetoll-test\/logs\/: the role arn:aws:iam::123456789012:role\/logs can't be assumed \(.*\); the run's own credentials need sts:AssumeRole on it, and its trust policy must name them$/,
    )
    expect(failure.message).not.toContain('wrong')
  })
})

test('two locations of one bucket, one with a role: each asks with its own key', async () => {
  const asked: string[] = []
  const server = await startS3Server({ buckets: [BUCKET] })
  pointAt(server.url, {
    ZONETOLL_S3_PATH_STYLE: '1',
    AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:1',
    AWS_MAX_ATTEMPTS: '1',
  })
  server.faults = ({ headers }) => {
    asked.push(/Credential=([^/]+)/.exec(headers['authorization'] ?? '')?.[1] ?? '')
    return null
  }
  const plain = openLocation(`s3://${BUCKET}`, QUICK)
  const withRole = openLocation(`s3://${BUCKET}`, { ...QUICK, roleArn: ROLE })
  expect(withRole.roleArn).toBe(ROLE)
  expect(await list(plain.store, '')).toEqual([])
  // No token service is there: the bucket isn't asked at all, not with the run's own key either.
  await expect(list(withRole.store, '')).rejects.toThrow(/can't be assumed \(.*ECONNREFUSED/)
  expect(asked).toEqual(['AKIATEST'])
  await server.close()
})
