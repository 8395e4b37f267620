/**
 * The advice by the longest way: row by row, each asked by the words of the page, sums in plain maps. For tests.
 */
import type { Endpoint } from '@zonetoll/model'
import type { RandomHour } from './random-hours.ts'

/** Bytes by `kind name`, such as `route shop/Deployment/cart`, and by `nothing reason`. */
export function plainAdvice(hours: readonly RandomHour[]): Map<string, bigint> {
  const rows = hours.flatMap(({ rows: all, ledger }) =>
    all.filter(row => row.source.zone !== row.destination.zone).map(row => ({ row, ledger })),
  )
  const sentBetween = (from: Endpoint, to: Endpoint) =>
    rows
      .filter(({ row }) => nameOf(row.source) === nameOf(from) && nameOf(row.destination) === nameOf(to))
      .reduce((sum, { row }) => sum + BigInt(row.bytes), 0n)
  const sums = new Map<string, bigint>()
  for (const { row, ledger } of rows) {
    const { source, destination } = row
    const podsIn = (endpoint: Endpoint, zone: string) =>
      endpoint.kind === 'pod' &&
      ledger.workloads.some(
        ({ namespace, workload, zones }) =>
          namespace === endpoint.namespace &&
          workload === endpoint.workload &&
          [...zones].some(([name, pods]) => name === zone && pods > 0),
      )
    const key = classOf()
    sums.set(key, (sums.get(key) ?? 0n) + BigInt(row.bytes))

    function classOf(): string {
      const hosts = [source, destination].every(({ kind }) => kind === 'pod' || kind === 'node')
      for (const end of [source, destination]) {
        if (hosts && collects(end)) return `collector ${nameOf(end)}`
      }
      const received = destination.kind === 'pod' || destination.kind === 'node'
      if (stores(source) && received) return `readers ${nameOf(source)}`
      if (stores(destination)) return 'nothing toDatabase'
      if (source.kind !== 'pod' || destination.kind !== 'pod') return 'nothing otherEnds'
      if (nameOf(source) === nameOf(destination)) return 'nothing ownPods'
      const able = [
        ...(called(destination) && podsIn(destination, source.zone) ? [destination] : []),
        ...(called(source) && podsIn(source, destination.zone) ? [source] : []),
      ]
      if (able.length > 0) {
        const end = able.length === 1 ? able[0]! : likelier()
        return `${end.workload!.startsWith('StatefulSet/') ? 'members' : 'route'} ${nameOf(end)}`
      }
      if (source.workload === null || destination.workload === null) return 'nothing otherEnds'
      if (!called(source) && !called(destination)) return 'nothing jobs'
      const end = !called(source) ? destination : !called(destination) ? source : likelier()
      return `placement ${nameOf(end)}`
    }

    function likelier(): Endpoint {
      if (rank(source) !== rank(destination)) return rank(source) < rank(destination) ? source : destination
      const [out, back] = [sentBetween(source, destination), sentBetween(destination, source)]
      if (out !== back) return out > back ? source : destination
      return nameOf(source) < nameOf(destination) ? source : destination
    }
  }
  return sums
}

function nameOf({ kind, namespace, workload, name }: Endpoint): string {
  if (kind === 'node') return 'nodes'
  return kind === 'pod' ? `${namespace}/${workload ?? name}` : `${kind} ${name}`
}

function rank({ workload }: Endpoint): number {
  return workload!.startsWith('StatefulSet/') ? 0 : workload!.startsWith('DaemonSet/') ? 2 : 1
}

function called({ workload }: Endpoint): boolean {
  return workload !== null && !workload.startsWith('Job/') && !workload.startsWith('CronJob/')
}

// Of the generator's names.
function collects({ kind, workload, app }: Endpoint): boolean {
  return kind === 'pod' && ((workload?.endsWith('/prometheus') ?? false) || app === 'prometheus')
}

function stores({ kind, name }: Endpoint): boolean {
  return kind === 'interface' && (name === 'orders-db' || name === 'my_redis_001')
}
