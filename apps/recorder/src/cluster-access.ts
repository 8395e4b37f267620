// What is needed to speak to a cluster's API server: its address, and how to be let in.
//
// Made from a kubeconfig (kube-config-access.ts) or from the name of an EKS cluster (eks-access.ts).

import type { RequestOptions } from 'node:https'

/** What is added to a request: headers, certificates, an agent. */
export interface KubeAuthorization extends Omit<RequestOptions, 'headers'> {
  readonly headers: Readonly<Record<string, string>>
}

export interface ClusterAccess {
  /** The API server. Its path, if any, goes before every request's. */
  readonly server: URL
  /** What the cluster is called where the access comes from; null where that says nothing (in-cluster). */
  readonly clusterName: string | null
  /**
   * What a request needs to be let in. Asked before each request, since tokens run out.
   * Throws where no credentials can be had.
   */
  authorize(): Promise<KubeAuthorization>
  /** The server refused what authorize() said (401): the next one gets everything afresh. */
  renew(): void
}
