// Against moto for DescribeCluster. The token's signature is computed a second time, as STS does when EKS asks it; moto
// doesn't check presigned addresses.

import { createHash, createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks'
import { RunError, UsageError } from '@zonetoll/command'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { motoWanted, startMoto, type Moto } from '../../../test/servers/moto.ts'
import { eksAccess } from '../src/eks-access.ts'

const before = { ...process.env }

function addressIn(authorization: string | undefined): URL {
  const token = /^Bearer k8s-aws-v1\.([A-Za-z0-9_-]+)$/.exec(authorization ?? '')?.[1]
  return new URL(Buffer.from(token ?? '', 'base64url').toString('utf8'))
}

// Signature Version 4 of a presigned GET with a body of no bytes, by the book.
function signatureOf(address: URL, cluster: string, secret: string): string {
  const query = [...address.searchParams]
    .filter(([key]) => key !== 'X-Amz-Signature')
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .sort(byText)
    .join('&')
  const headers = `host:${address.host}\nx-k8s-aws-id:${cluster}\n`
  const canonical = ['GET', '/', query, headers, 'host;x-k8s-aws-id', sha256('')].join('\n')
  const scope = address.searchParams.get('X-Amz-Credential')!.split('/').slice(1)
  const time = address.searchParams.get('X-Amz-Date')!
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n')
  let key: string | Buffer = `AWS4${secret}`
  for (const part of scope) key = createHmac('sha256', key).update(part).digest()
  return createHmac('sha256', key).update(text).digest('hex')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1
}

describe.runIf(motoWanted())('access to an EKS cluster by its name', () => {
  let moto: Moto

  beforeAll(async () => {
    moto = await startMoto({ deny: ['eks:ListClusters'] })
    const { url, region, credentials } = moto
    const client = new EKSClient({ endpoint: url, region, credentials })
    const role = 'arn:aws:iam::123456789012:role/eks'
    const making = new CreateClusterCommand({
      name: 'shop',
      roleArn: role,
      resourcesVpcConfig: { subnetIds: [] },
    })
    // moto writes a time in its answer as a text, which the SDK refuses; the cluster is made all the same.
    await client.send(making).catch(() => {})
    client.destroy()
  })
  afterAll(() => moto.stop())
  beforeEach(() => {
    Object.assign(process.env, moto.environment)
  })
  afterEach(() => {
    process.env = { ...before }
  })

  it('finds the endpoint and makes a token that is signed for this cluster alone', async () => {
    const access = await eksAccess({ cluster: 'shop' })
    expect(access.server.href).toMatch(/^https:\/\/.*\.eks\.amazonaws\.com\/$/)
    expect(access.clusterName).toBe('shop')
    const address = addressIn((await access.authorize()).headers['authorization'])
    const signature = address.searchParams.get('X-Amz-Signature')
    const secret = moto.credentials.secretAccessKey
    expect(signature).toBe(signatureOf(address, 'shop', secret))
    expect(signature).not.toBe(signatureOf(address, 'bank', secret))
  })

  it('asks the STS of the region, for a minute, with the cluster as a signed header', async () => {
    const access = await eksAccess({ cluster: 'shop' })
    const address = addressIn((await access.authorize()).headers['authorization'])
    expect(address.origin).toBe('https://sts.us-east-2.amazonaws.com')
    expect(address.pathname).toBe('/')
    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      Action: 'GetCallerIdentity',
      Version: '2011-06-15',
      'X-Amz-Expires': '60',
      'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
    })
    expect(address.searchParams.has('x-k8s-aws-id')).toBe(false)
  })

  it('keeps a token for ten minutes, and makes a new one then and after a refusal', async () => {
    let now = 0
    const access = await eksAccess({ cluster: 'shop', now: () => now })
    const token = async () => (await access.authorize()).headers['authorization']
    // Tokens made within one second are alike.
    const first = await token()
    now = 10 * 60_000
    expect(await token()).toBe(first)
    await sleep(1_050)
    now += 1
    const second = await token()
    expect(second).not.toBe(first)
    await sleep(1_050)
    access.renew()
    expect(await token()).not.toBe(second)
  })

  it('says which cluster is not there, and in which region', async () => {
    const failure = await eksAccess({ cluster: 'none' }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RunError)
    expect(String(failure)).toContain('the EKS cluster none in us-east-2')
    expect(String(failure)).toContain('AWS_REGION')
  })

  it('says that no region is configured', async () => {
    delete process.env['AWS_REGION']
    process.env['AWS_CONFIG_FILE'] = '/nonexistent'
    await expect(eksAccess({ cluster: 'shop' })).rejects.toBeInstanceOf(UsageError)
  })

  it('says which action a refused role needs', async () => {
    const denied = await startMoto({ deny: ['eks:DescribeCluster'] })
    Object.assign(process.env, denied.environment)
    await expect(eksAccess({ cluster: 'shop' })).rejects.toThrow('Allow the action eks:DescribeCluster')
    await denied.stop()
  })
})
