// Access to an EKS cluster by its name alone: no kubeconfig, no `aws` command.
//
// DescribeCluster gives the endpoint and its certificate authority. A token is a presigned GET of STS
// GetCallerIdentity that nobody calls but the cluster, which learns from it who is asking:
//
//   k8s-aws-v1.<base64url of https://sts.us-east-2.amazonaws.com/?Action=GetCallerIdentity&…&X-Amz-Signature=…>
//
// The cluster's name is a signed header, x-k8s-aws-id, so that a token for one cluster is none for another. It is good
// for 15 minutes; a new one is made after 10. Credentials, region and AWS_ENDPOINT_URL_EKS are the SDK's own business.
// Source: EKS User Guide, Grant IAM users access to Kubernetes; kubernetes-sigs/aws-iam-authenticator.

import { Agent } from 'node:https'

import type * as eksModule from '@aws-sdk/client-eks'
import { RunError, UsageError } from '@zonetoll/command'
import type { ClusterAccess } from './cluster-access.ts'
import { isObject, objectAt } from './kube-json.ts'

const TOKEN_MILLIS = 10 * 60_000
const PRESIGNED_SECONDS = 60

// Where STS is outside of amazonaws.com. Source: AWS SDK, partitions.
const STS_DOMAINS: readonly (readonly [RegExp, string])[] = [
  [/^cn-/, 'amazonaws.com.cn'],
  [/^us-iso-/, 'c2s.ic.gov'],
  [/^us-isob-/, 'sc2s.sgov.gov'],
  [/^us-isof-/, 'csp.hci.ic.gov'],
  [/^eu-isoe-/, 'cloud.adc-e.uk'],
  [/^eusc-/, 'amazonaws.eu'],
]

export interface EksAccessOptions {
  readonly cluster: string
  /** For tests: milliseconds that only go forward. */
  readonly now?: (() => number) | undefined
}

/** Throws RunError where the cluster can't be described, UsageError where no region is configured. */
export async function eksAccess({
  cluster,
  now = () => performance.now(),
}: EksAccessOptions): Promise<ClusterAccess> {
  const sdk = await import('@aws-sdk/client-eks')
  let client = new sdk.EKSClient({})
  const region = await regionOf(client)
  const { endpoint, authority } = await describe(sdk, client, cluster, region)
  const agent = new Agent({ keepAlive: true, ca: Buffer.from(authority, 'base64') })
  let token: { readonly text: string; readonly madeAt: number } | null = null

  return {
    server: new URL(endpoint),
    clusterName: cluster,
    async authorize() {
      if (token === null || now() - token.madeAt > TOKEN_MILLIS) {
        const madeAt = now()
        token = { text: await eksToken(client, region, cluster), madeAt }
      }
      return { agent, headers: { authorization: `Bearer ${token.text}` } }
    },
    renew() {
      // A client of its own looks for credentials anew.
      client.destroy()
      client = new sdk.EKSClient({})
      token = null
    },
  }
}

/** A token for the cluster, signed with the client's credentials. */
export async function eksToken(
  client: eksModule.EKSClient,
  region: string,
  cluster: string,
): Promise<string> {
  const { SignatureV4 } = await import('@smithy/signature-v4')
  const { credentials, sha256 } = client.config
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256 })
  const endpoint = stsEndpoint(region)
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      ...(endpoint.port === '' ? {} : { port: Number(endpoint.port) }),
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: endpoint.host, 'x-k8s-aws-id': cluster },
    },
    // A header that became part of the query wouldn't be signed as a header, which is what the cluster checks.
    { expiresIn: PRESIGNED_SECONDS, unhoistableHeaders: new Set(['x-k8s-aws-id']) },
  )
  const query = Object.entries(signed.query ?? {}).map(
    ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`,
  )
  const url = `${endpoint.origin}/?${query.join('&')}`
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`
}

function stsEndpoint(region: string): URL {
  const own = process.env['AWS_ENDPOINT_URL_STS'] ?? ''
  if (own !== '') return new URL(own)
  const domain = STS_DOMAINS.find(([pattern]) => pattern.test(region))?.[1] ?? 'amazonaws.com'
  return new URL(`https://sts.${region}.${domain}`)
}

async function regionOf(client: eksModule.EKSClient): Promise<string> {
  try {
    return await client.config.region()
  } catch (cause) {
    throw new UsageError(
      "no region is configured, so the EKS cluster can't be found: set AWS_REGION to where it is",
      { cause },
    )
  }
}

async function describe(
  sdk: typeof eksModule,
  client: eksModule.EKSClient,
  name: string,
  region: string,
): Promise<{ readonly endpoint: string; readonly authority: string }> {
  let answer
  const command = new sdk.DescribeClusterCommand({ name })
  command.middlewareStack.add(
    next => async input => {
      const result = await next(input)
      await keepWhatIsNeeded(result.response as RawAnswer)
      return result
    },
    { step: 'deserialize', priority: 'low' },
  )
  try {
    answer = await client.send(command)
  } catch (cause) {
    throw new RunError(`the EKS cluster ${name} in ${region} can't be described: ${remedyFor(cause)}`, {
      cause,
    })
  }
  const endpoint = answer.cluster?.endpoint
  const authority = answer.cluster?.certificateAuthority?.data
  if (!endpoint || !authority) {
    throw new RunError(
      `the EKS cluster ${name} in ${region} has no endpoint yet (status ${answer.cluster?.status ?? 'unknown'}): wait until it is ACTIVE`,
    )
  }
  return { endpoint, authority }
}

interface RawAnswer {
  readonly statusCode: number
  body: AsyncIterable<Uint8Array> | Uint8Array
}

// The SDK refuses an answer for any member that isn't as its model has it (a time as text, which AWS's stand-ins
// send), so it gets to see no other members than those that matter.
async function keepWhatIsNeeded(response: RawAnswer): Promise<void> {
  if (response.statusCode !== 200) return
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) chunks.push(chunk)
  const answer: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  const cluster = objectAt(isObject(answer) ? answer : null, 'cluster')
  const { status, endpoint, certificateAuthority } = cluster ?? {}
  response.body = Buffer.from(JSON.stringify({ cluster: { status, endpoint, certificateAuthority } }))
}

function remedyFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const status = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode : null
  if (error.name === 'AccessDeniedException' || status === 403) {
    return `access is denied (${error.name}). Allow the action eks:DescribeCluster on it`
  }
  if (error.name === 'ResourceNotFoundException') {
    return `${error.message}. Check the name and the region (AWS_REGION)`
  }
  if (error.name === 'CredentialsProviderError') return `no AWS credentials are found (${error.message})`
  return `${error.name}: ${error.message}`
}
