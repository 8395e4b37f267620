// What a thing is, told by what it is called: a rollup names a collector's workload and a database's network interface, and
// doesn't say what they are for. The page says so beside the figures.

import type { Party } from './party.ts'

/** Programs that fetch metrics from pods, as they are usually called. */
export const COLLECTORS: readonly string[] = [
  'alloy',
  'grafana-agent',
  'metrics-server',
  'opentelemetry-collector',
  'otel-collector',
  'prometheus',
  'vmagent',
]

/** Words that tell what stands beside a collector from the collector itself. */
const BESIDE_COLLECTORS = /-(?:adapter|exporter|operator|pushgateway)-/

/** Parts of the names that databases, caches and search clusters are given. */
export const DATABASE_WORDS: readonly string[] = [
  'aurora',
  'cache',
  'database',
  'db',
  'docdb',
  'elasticache',
  'elasticsearch',
  'mariadb',
  'memcached',
  'memorydb',
  'mongo',
  'mongodb',
  'mssql',
  'mysql',
  'neptune',
  'opensearch',
  'pg',
  'postgres',
  'postgresql',
  'rds',
  'redis',
  'redshift',
  'sqlserver',
  'valkey',
]

const databaseWords = new Set(DATABASE_WORDS)

/** Whether the party is a workload whose name or app holds a collector's name as whole words. */
export function isCollector({ kind, workload, app }: Party): boolean {
  if (kind !== 'pod') return false
  return [workload, app].some(text => {
    if (text === null) return false
    const words = `-${wordsOf(text).join('-')}-`
    return !BESIDE_COLLECTORS.test(words) && COLLECTORS.some(name => words.includes(`-${name}-`))
  })
}

/** Whether the party is a network interface with one of the words in its name. */
export function isDatabase({ kind, name }: Party): boolean {
  return kind === 'interface' && name !== null && wordsOf(name).some(word => databaseWords.has(word))
}

// Names beyond this length are nobody's choice.
const LONGEST_NAME = 300

function wordsOf(text: string): string[] {
  return text
    .slice(0, LONGEST_NAME)
    .toLowerCase()
    .split(/[^a-z0-9]+/)
}
