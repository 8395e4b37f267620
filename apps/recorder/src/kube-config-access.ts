// Access as kubectl has it: KUBECONFIG, ~/.kube/config, or the service account of the pod it runs in.
//
// The client reads the file and does what it asks for (client certificates, tokens, exec plug-ins such as
// `aws eks get-token`, OIDC, proxies). It is loaded only here: that takes half a second and 65 MB.
//
// Whom a token is sent to is always checked: a kubeconfig that says insecure-skip-tls-verify, or plain http, is taken
// at its word only for a server on this machine (a tunnel's end, kubectl proxy) and refused for any other.
// Source: Kubernetes documentation, Organizing Cluster Access Using kubeconfig Files.

import { createHash } from 'node:crypto'
import { Agent, type AgentOptions, type RequestOptions } from 'node:https'

import type { KubeConfig } from '@kubernetes/client-node'
import { UsageError } from '@zonetoll/command'
import type { ClusterAccess, KubeAuthorization } from './cluster-access.ts'

export interface KubeConfigAccessOptions {
  /** The kubeconfig's current one, if not given. */
  readonly context?: string | undefined
  /** Told of what is odd about the kubeconfig. */
  readonly warn: (message: string) => void
}

/** Throws UsageError where there is no kubeconfig, or none that can be used. */
export async function kubeConfigAccess({ context, warn }: KubeConfigAccessOptions): Promise<ClusterAccess> {
  const client = await import('@kubernetes/client-node')
  const load = () => loadConfig(new client.KubeConfig(), context)
  let config = load()
  const cluster = config.getCurrentCluster()!
  const server = serverOf(cluster.server)
  checkServer(server, cluster.skipTLSVerify, warn)
  let agent: { readonly key: string; readonly agent: Agent } | null = null

  return {
    server,
    clusterName: nameOf(cluster.name),
    async authorize() {
      const options: RequestOptions = {}
      await config.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0])
      const authorization: KubeAuthorization = { ...options, headers: headersOf(options) }
      // The client's own agents open a connection for each request; only proxies need them.
      if (server.protocol === 'http:' || cluster.proxyUrl !== undefined) return authorization
      const key = fingerprint([options.ca, options.cert, options.key])
      if (agent?.key !== key) agent = { key, agent: new Agent(agentOptions(options)) }
      return { ...authorization, agent: agent.agent }
    },
    renew() {
      // Another process may have written new tokens into the file, or new certificates; plug-ins are run again. A
      // file that is being written is tried again the next time.
      try {
        config = load()
      } catch (error) {
        warn(error instanceof Error ? error.message : String(error))
      }
    },
  }
}

function loadConfig(config: KubeConfig, context: string | undefined): KubeConfig {
  try {
    config.loadFromDefault()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`the kubeconfig can't be read: ${message}`, { cause })
  }
  const contexts = config.getContexts().map(({ name }) => name)
  if (context !== undefined) {
    if (!contexts.includes(context)) {
      throw new UsageError(
        `the kubeconfig has no context ${context}; it has: ${contexts.join(', ') || 'none'}`,
      )
    }
    config.setCurrentContext(context)
  }
  const cluster = config.getCurrentCluster()
  if (cluster === null || contexts.includes('loaded-context')) {
    throw new UsageError(
      `no cluster to record: ${cluster === null ? `the kubeconfig's current context is ${config.getCurrentContext() || 'not set'}, one that it doesn't have` : 'there is no kubeconfig'}. Set KUBECONFIG, run it in the cluster, or name an EKS cluster with --eks-cluster`,
    )
  }
  // The client refuses plain http unless this is set; checkServer decides which servers may have it.
  if (cluster.server.startsWith('http:')) {
    config.clusters = config.clusters.map(item =>
      item === cluster ? { ...item, skipTLSVerify: true } : item,
    )
  }
  return config
}

function serverOf(text: string): URL {
  try {
    return new URL(text)
  } catch (cause) {
    throw new UsageError(`the kubeconfig's server is ${JSON.stringify(text)}: expected a URL`, { cause })
  }
}

function checkServer(server: URL, skipVerify: boolean, warn: (message: string) => void): void {
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(server.hostname)
  if (server.protocol === 'http:') {
    if (isHere) return
    throw new UsageError(
      `the kubeconfig's server ${server.origin} is plain http: credentials aren't sent unencrypted. Use its https address`,
    )
  }
  if (!skipVerify) return
  if (!isHere) {
    throw new UsageError(
      `the kubeconfig says insecure-skip-tls-verify for ${server.origin}: credentials aren't sent to a server that can't be told from another. Put its certificate authority in certificate-authority-data instead (and, behind a tunnel, its name in tls-server-name)`,
    )
  }
  warn(
    `the kubeconfig says insecure-skip-tls-verify: ${server.origin} is not verified, as it is on this machine`,
  )
}

// EKS kubeconfigs name a cluster by its ARN: arn:aws:eks:us-east-2:111122223333:cluster/shop.
function nameOf(name: string): string | null {
  if (name === 'inCluster') return null
  return /^arn:[^:]*:eks:[^:]*:[^:]*:cluster\/(.+)$/.exec(name)?.[1] ?? name
}

function headersOf({ headers }: RequestOptions): Record<string, string> {
  if (headers === undefined || Array.isArray(headers)) return {}
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

function agentOptions({ ca, cert, key, rejectUnauthorized, servername }: RequestOptions): AgentOptions {
  const tls = { ca, cert, key, rejectUnauthorized, servername }
  const given = Object.entries(tls).filter(([, value]) => value !== undefined && value !== null)
  return { keepAlive: true, ...Object.fromEntries(given) }
}

function fingerprint(parts: readonly unknown[]): string {
  const hash = createHash('sha256')
  for (const part of parts)
    hash.update(typeof part === 'string' || Buffer.isBuffer(part) ? part : '').update('\0')
  return hash.digest('hex')
}
