// DuckDB: read_csv over the same objects and the interval join in SQL. The same counting, contract, section 4, as far
// as the rows need it.
//
// It is given what a good query needs: typed columns and only those that count; who held what as tables made before
// the clock starts; a plain hash join where an address had one holder, and the longest-holder rule only for the
// windows of the others. Addresses are compared as text, so one address is taken to have one spelling.

import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import type { Endpoint } from '@zonetoll/model'
import { writeRows, type AnswerRow } from '../src/answer.ts'
import { drive } from '../src/drive.ts'

const SIDE = ['kind', 'namespace', 'name', 'workload', 'app', 'node', 'zone'] as const
const INTEGERS = new Set(['bytes', 'packets', 'start', 'end'])

const PREPARE = `
CREATE MACRO ip4(address) AS CASE WHEN contains(address, ':') THEN NULL ELSE
  split_part(address, '.', 1)::BIGINT * 16777216 + split_part(address, '.', 2)::BIGINT * 65536
  + split_part(address, '.', 3)::BIGINT * 256 + split_part(address, '.', 4)::BIGINT END;

CREATE TABLE endpoint AS
  SELECT row_number() OVER (ORDER BY kind, uid)::INTEGER AS id, kind, uid, zone, instance, addresses, cidr, seen,
    epoch_ms("from"::TIMESTAMP) AS since,
    coalesce(epoch_ms("until"::TIMESTAMP), 9000000000000000) AS until,
    CASE kind WHEN 'pod' THEN namespace END AS namespace,
    CASE kind WHEN 'subnet' THEN uid ELSE name END AS name,
    CASE kind WHEN 'pod' THEN workload END AS workload,
    CASE kind WHEN 'pod' THEN coalesce(labels['app.kubernetes.io/name'], labels['app']) END AS app,
    CASE kind WHEN 'pod' THEN node END AS node
  FROM (FROM line QUALIFY row_number() OVER (PARTITION BY kind, uid ORDER BY seen DESC) = 1)
  WHERE kind <> 'zone' AND NOT coalesce("hostNetwork", false);

CREATE TABLE claim AS
  FROM (
    SELECT id, uid, address, since, kind,
      CASE kind WHEN 'pod' THEN 0 WHEN 'node' THEN 1 ELSE 2 END AS turn,
      least(until, coalesce(lead(since) OVER (PARTITION BY kind, address ORDER BY since, seen, uid), until)) AS until
    FROM (SELECT *, unnest(addresses) AS address FROM endpoint WHERE kind <> 'subnet'))
  WHERE since < until;

CREATE TABLE block AS
  SELECT id AS subnet, ip4(split_part(cidr, '/', 1)) AS first, split_part(cidr, '/', 2)::INTEGER AS prefix,
    ip4(split_part(cidr, '/', 1)) + (1::BIGINT << (32 - split_part(cidr, '/', 2)::INTEGER)) AS after
  FROM endpoint WHERE kind = 'subnet';

CREATE MACRO subnets_of(addresses) AS TABLE
  SELECT address, arg_max(subnet, prefix) AS subnet
  FROM query_table(addresses) JOIN block ON ip4(address) >= first AND ip4(address) < after
  GROUP BY address;

CREATE TABLE known AS
  SELECT address, count(*) = 1 AS single, any_value(id) AS id, any_value(since) AS since, any_value(until) AS until
  FROM claim GROUP BY address;

CREATE TABLE known_subnet AS FROM subnets_of('known');
CREATE TABLE address AS SELECT known.*, subnet FROM known LEFT JOIN known_subnet USING (address);
`

// What is measured. `sent` has the records that count and what their addresses tell at once; `chosen` applies the
// longest-holder rule to each window of an address with several holders.
function countingQuery(source: string, names: readonly string[], hour: number): string {
  const column = (name: string, otherwise: string) => (names.includes(name) ? quoteName(name) : otherwise)
  const typed = names.includes('interface-type')
  const until = names.includes('end')
    ? '(greatest(coalesce("end", start), start) + 1) * 1000'
    : 'start * 1000 + 1'
  return `
CREATE TEMP TABLE sent AS
  SELECT line.*, a.single AS a_single, a.id AS a_id, a.since AS a_since, a.until AS a_until, a.subnet AS a_subnet,
    b.single AS b_single, b.id AS b_id, b.since AS b_since, b.until AS b_until, b.subnet AS b_subnet
  FROM (
    SELECT "pkt-srcaddr" AS source, "pkt-dstaddr" AS destination, bytes, ${column('packets', '0::BIGINT')} AS packets,
      start * 1000 AS since, ${until} AS until,
      ${column('instance-id', 'NULL::VARCHAR')} AS instance, ${column('interface-id', 'NULL::VARCHAR')} AS interface,
      ${column('interface-type', 'NULL::VARCHAR')} AS type, ${column('az-id', 'NULL::VARCHAR')} AS zone
    FROM ${source}
    WHERE "flow-direction" <> 'ingress' AND ${column('action', "'ACCEPT'")} IS DISTINCT FROM 'REJECT'
      AND ${column('log-status', "'OK'")} NOT IN ('NODATA', 'SKIPDATA')
      AND start >= ${hour} AND start < ${hour} + 3600
  ) line
  LEFT JOIN address a ON a.address = source
  LEFT JOIN address b ON b.address = destination;

CREATE TEMP TABLE stranger AS
  SELECT DISTINCT source AS address FROM sent WHERE a_id IS NULL
  UNION SELECT DISTINCT destination FROM sent WHERE b_id IS NULL;

CREATE TEMP TABLE stranger_subnet AS FROM subnets_of('stranger');

CREATE TEMP TABLE chosen AS
  WITH windows AS (
    SELECT DISTINCT source AS address, since, until FROM sent WHERE NOT a_single
    UNION SELECT DISTINCT destination, since, until FROM sent WHERE NOT b_single),
  candidates AS (
    SELECT windows.*, claim.id, turn, claim.since AS held_since,
      least(claim.until, windows.until) - greatest(claim.since, windows.since) AS held, claim.until AS held_until
    FROM windows JOIN claim
      ON claim.address = windows.address AND claim.since < windows.until AND claim.until >= windows.since - 60000)
  SELECT address, since, until,
    first(id ORDER BY turn, held > 0 DESC, CASE WHEN held > 0 THEN held ELSE held_until END DESC, held_since DESC) AS id
  FROM candidates GROUP BY address, since, until;

CREATE TEMP TABLE pair AS
  WITH held AS (
    SELECT sent.*,
      coalesce(CASE WHEN a_single THEN CASE WHEN a_since < sent.until AND a_until >= sent.since - 60000 THEN a_id END
        ELSE x.id END, a_subnet, p.subnet) AS from_id,
      coalesce(CASE WHEN b_single THEN CASE WHEN b_since < sent.until AND b_until >= sent.since - 60000 THEN b_id END
        ELSE y.id END, b_subnet, q.subnet) AS to_id
    FROM sent
    LEFT JOIN chosen x ON x.address = source AND x.since = sent.since AND x.until = sent.until
    LEFT JOIN chosen y ON y.address = destination AND y.since = sent.since AND y.until = sent.until
    LEFT JOIN stranger_subnet p ON p.address = source
    LEFT JOIN stranger_subnet q ON q.address = destination)
  SELECT from_id, to_id, sum(bytes) AS bytes, sum(packets) AS packets, count(*) AS records
  FROM held
  JOIN endpoint e ON e.id = from_id
  JOIN endpoint f ON f.id = to_id
  LEFT JOIN endpoint i ON i.kind = 'interface' AND i.uid = held.interface
  LEFT JOIN claim c ON c.kind = 'interface' AND c.uid = held.interface AND c.address = held.source
    AND c.since < held.until AND c.until >= held.since - 60000
  WHERE e.zone <> f.zone AND NOT CASE
    WHEN held.instance IS NOT NULL AND e.instance IS NOT NULL THEN held.instance <> e.instance
    WHEN i.uid IS NOT NULL THEN NOT (coalesce(i.instance = e.instance, false) OR c.uid IS NOT NULL)
    WHEN ${typed} THEN held.type IS NOT NULL
    WHEN held.zone IS NOT NULL THEN held.zone <> e.zone
    ELSE false END
  GROUP BY from_id, to_id;

CREATE TABLE answer AS
  SELECT ${SIDE.map(name => `e.${name} AS source_${name}`).join(', ')},
    ${SIDE.map(name => `f.${name} AS destination_${name}`).join(', ')},
    sum(bytes)::BIGINT AS bytes, sum(packets)::BIGINT AS packets, sum(records)::BIGINT AS records
  FROM pair JOIN endpoint e ON e.id = from_id JOIN endpoint f ON f.id = to_id
  GROUP BY ALL
  ORDER BY ${[...SIDE.map(name => `source_${name}`), ...SIDE.map(name => `destination_${name}`)]
    .map(name => `${name} NULLS LAST`)
    .join(', ')};
`
}

await drive(async ({ assignments, cluster, hour, objects, folder }, timed) => {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(availableParallelism()) })
  const connection = await instance.connect()
  const iso = new Date(hour * 1000).toISOString()
  const partition = join(
    assignments,
    `cluster=${cluster}`,
    `dt=${iso.slice(0, 10)}`,
    `hour=${iso.slice(11, 13)}`,
  )
  await connection.run(`CREATE TABLE line AS FROM ${assignmentLines(partition)}`)
  await connection.run(PREPARE)
  const names = gunzipSync(readFileSync(objects[0]!)).toString('latin1').split('\n', 1)[0]!.split(' ')
  const query = countingQuery(flowLogLines(objects, names), names, hour)
  await timed(() => connection.run(query))
  return writeRows(join(folder, 'rows'), answerRows(connection))
})

function assignmentLines(partition: string): string {
  const texts = 'kind uid cidr from until seen namespace name workload node instance zone'.split(' ')
  const columns = [
    ...texts.map(name => `${quoteName(name)}: 'VARCHAR'`),
    `addresses: 'VARCHAR[]'`,
    `labels: 'MAP(VARCHAR, VARCHAR)'`,
    `"hostNetwork": 'BOOLEAN'`,
  ]
  const files = readdirSync(partition).map(file => quoteText(join(partition, file)))
  return `read_json([${files.join(', ')}], format = 'newline_delimited', columns = {${columns.join(', ')}})`
}

function flowLogLines(objects: readonly string[], names: readonly string[]): string {
  const columns = names.map(name => `${quoteName(name)}: '${INTEGERS.has(name) ? 'BIGINT' : 'VARCHAR'}'`)
  return (
    `read_csv([${objects.map(quoteText).join(', ')}], auto_detect = false, header = true, delim = ' ', quote = '', ` +
    `escape = '', nullstr = '-', compression = 'gzip', columns = {${columns.join(', ')}})`
  )
}

async function* answerRows(connection: DuckDBConnection): AsyncGenerator<AnswerRow> {
  const result = await connection.stream('FROM answer')
  for (let chunk = await result.fetchChunk(); chunk !== null; chunk = await result.fetchChunk()) {
    if (chunk.rowCount === 0) return
    for (const row of chunk.getRows()) {
      const [bytes, packets, records] = row.slice(SIDE.length * 2).map(Number) as [number, number, number]
      yield { source: endpointAt(row, 0), destination: endpointAt(row, SIDE.length), bytes, packets, records }
    }
  }
}

function endpointAt(row: readonly unknown[], at: number): Endpoint {
  return Object.fromEntries(SIDE.map((name, column) => [name, row[at + column]])) as unknown as Endpoint
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
