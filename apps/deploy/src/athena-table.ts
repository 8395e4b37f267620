// The rollups as a table of Glue, for those who ask with Athena. Partitions are projected from the keys, so nothing
// crawls and no partition is ever added.
//
//   SELECT source_workload, destination_workload, sum(bytes) FROM rollup
//   WHERE cluster = 'demo' AND dt = '2024-05-01' GROUP BY 1, 2 ORDER BY 3 DESC
//
// Files whose name begins with '_' (ledgers, partials) are hidden from Athena. A report.html beside a rollup isn't:
// write reports elsewhere where this table is used.
// Source: Athena User Guide, Use partition projection, Supported types.

import { Aws, Names, Stack } from 'aws-cdk-lib'
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue'
import { Construct } from 'constructs'
import type { Installation } from './settle-config.ts'
import { uriOf, type BucketPart } from './statements.ts'

const SIDE = ['kind', 'namespace', 'name', 'workload', 'app', 'node', 'zone']

/** Of the Parquet files, in their order. */
export const COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['hour_start', 'timestamp'],
  ...SIDE.map(name => [`source_${name}`, 'string'] as const),
  ...SIDE.map(name => [`destination_${name}`, 'string'] as const),
  ['bytes', 'bigint'],
  ['packets', 'bigint'],
  ['records', 'bigint'],
]

const PARQUET = 'org.apache.hadoop.hive.ql.io.parquet'

export class AthenaTable extends Construct {
  readonly databaseName: string

  constructor(scope: Construct, id: string, { clusters }: Installation, rollups: BucketPart) {
    super(scope, id)
    // Athena wants lower case, and no hyphens.
    this.databaseName = Names.uniqueResourceName(this, { separator: '_', maxLength: 60 }).toLowerCase()
    const catalogId = Stack.of(this).account
    const database = new CfnDatabase(this, 'Database', {
      catalogId,
      databaseInput: {
        name: this.databaseName,
        description: 'What pods send each other across availability zones',
      },
    })
    const location = uriOf(rollups)
    const table = new CfnTable(this, 'Table', {
      catalogId: Aws.ACCOUNT_ID,
      databaseName: this.databaseName,
      tableInput: {
        name: 'rollup',
        description: 'A row an hour and pair',
        tableType: 'EXTERNAL_TABLE',
        partitionKeys: [
          { name: 'cluster', type: 'string' },
          { name: 'dt', type: 'string' },
          { name: 'hour', type: 'string' },
        ],
        parameters: {
          classification: 'parquet',
          EXTERNAL: 'TRUE',
          'projection.enabled': 'true',
          'projection.cluster.type': 'enum',
          'projection.cluster.values': clusters.map(({ name }) => name).join(','),
          'projection.dt.type': 'date',
          'projection.dt.format': 'yyyy-MM-dd',
          'projection.dt.range': '2024-01-01,NOW',
          'projection.dt.interval': '1',
          'projection.dt.interval.unit': 'DAYS',
          'projection.hour.type': 'integer',
          'projection.hour.range': '0,23',
          'projection.hour.digits': '2',
          'storage.location.template': `${location}cluster=\${cluster}/dt=\${dt}/hour=\${hour}/`,
        },
        storageDescriptor: {
          location,
          columns: COLUMNS.map(([name, type]) => ({ name, type })),
          inputFormat: `${PARQUET}.MapredParquetInputFormat`,
          outputFormat: `${PARQUET}.MapredParquetOutputFormat`,
          serdeInfo: { serializationLibrary: `${PARQUET}.serde.ParquetHiveSerDe` },
        },
      },
    })
    table.node.addDependency(database)
  }
}
