// What is listed and watched: nodes, and pods of one namespace or of all.

export interface KubeResource {
  /** Plural, as a ClusterRole names it. */
  readonly plural: 'nodes' | 'pods'
  /** Null where the whole cluster is meant. */
  readonly namespace: string | null
  readonly path: string
}

export const NODES: KubeResource = { plural: 'nodes', namespace: null, path: '/api/v1/nodes' }

export function podsIn(namespace: string | null): KubeResource {
  const path =
    namespace === null ? '/api/v1/pods' : `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`
  return { plural: 'pods', namespace, path }
}

/** `pods`, or `pods in namespace shop`. */
export function nameOf({ plural, namespace }: KubeResource): string {
  return namespace === null ? plural : `${plural} in namespace ${namespace}`
}
