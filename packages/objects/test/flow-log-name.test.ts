import { expect, test } from 'vitest'

import { parseFlowLogName } from '../src/index.ts'

const NAME = '123456789012_vpcflowlogs_us-east-2_fl-0a1b2c3d4e5f60718_20240501T1005Z_1a2b3c4d'

test('says account, region, flow log, slot and format', () => {
  const expected = {
    account: '123456789012',
    region: 'us-east-2',
    flowLogId: 'fl-0a1b2c3d4e5f60718',
    slot: Date.UTC(2024, 4, 1, 10, 5) / 1000,
  }
  expect(parseFlowLogName(`any/prefix/${NAME}.log.gz`)).toEqual({ ...expected, format: 'text' })
  expect(parseFlowLogName(`${NAME}.log`)).toEqual({ ...expected, format: 'text' })
  expect(parseFlowLogName(`/${NAME}.log.parquet`)).toEqual({ ...expected, format: 'parquet' })
})

test.each([
  '',
  'AWSLogs/',
  `${NAME}.log.gz/x`,
  `${NAME}.log.gz.tmp`,
  `${NAME}.log.bz2`,
  `_${NAME}.log.gz`,
  `${NAME.replace('vpcflowlogs', 'CloudTrail')}.log.gz`,
  `${NAME.replace('123456789012', '12345')}.log.gz`,
  `${NAME.replace('0501', '0230')}.log.gz`,
  `${NAME.replace('0501', '1301')}.log.gz`,
  `${NAME.replace('T1005', 'T2400')}.log.gz`,
  `${NAME.replace('T1005', 'T1060')}.log.gz`,
])('%j is not the name of a flow log', key => {
  expect(parseFlowLogName(key)).toBeNull()
})
