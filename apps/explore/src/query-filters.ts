// Which rows a question is about: those of which one end is what was asked for.
//
// A row counts where its source, or its destination, fits all of --namespace, --app, --workload and --zone. An end's
// workload is what a person calls it: a pod's workload, a bare pod's own name, an interface's or subnet's name; nodes
// are all one and have none. `cart` fits `Deployment/cart`, too.

import { quoted } from './sql-text.ts'

export const FILTERS = ['namespace', 'app', 'workload', 'zone', 'fromPod', 'toPod'] as const

export type FilterName = (typeof FILTERS)[number]

export type Filters = Readonly<Partial<Record<FilterName, string>>>

export type Side = 'source' | 'destination'

/** What an end is called, in SQL. */
export function workloadOf(side: Side): string {
  return `CASE WHEN ${side}_workload IS NOT NULL THEN ${side}_workload WHEN ${side}_kind <> 'node' THEN ${side}_name END`
}

/** A condition in SQL: true for every row where nothing is asked for. `conditions` hold besides. */
export function conditionOf(filters: Filters, conditions: readonly string[] = []): string {
  const all = [...conditions]
  const [source, destination] = [endCondition('source', filters), endCondition('destination', filters)]
  if (source !== '') all.push(`((${source}) OR (${destination}))`)
  if (filters.fromPod !== undefined) all.push(podCondition('source', filters.fromPod))
  if (filters.toPod !== undefined) all.push(podCondition('destination', filters.toPod))
  return all.length === 0 ? 'true' : all.join(' AND ')
}

function endCondition(side: Side, { namespace, app, workload, zone }: Filters): string {
  const all: string[] = []
  if (namespace !== undefined) all.push(`${side}_namespace = ${quoted(namespace)}`)
  if (app !== undefined) all.push(`${side}_app = ${quoted(app)}`)
  if (zone !== undefined) all.push(`${side}_zone = ${quoted(zone)}`)
  if (workload !== undefined) {
    const called = workloadOf(side)
    all.push(`(${called} = ${quoted(workload)} OR ends_with(${called}, ${quoted(`/${workload}`)}))`)
  }
  return all.join(' AND ')
}

/** `shop/cart-7d9f-x2x`, or `cart-7d9f-x2x` of any namespace: names of pods hold no slash. */
function podCondition(side: Side, pod: string): string {
  const at = pod.indexOf('/')
  if (at < 0) return `${side}_name = ${quoted(pod)}`
  return `${side}_name = ${quoted(pod.slice(at + 1))} AND ${side}_namespace = ${quoted(pod.slice(0, at))}`
}
