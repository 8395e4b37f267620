// The name of a flow log's object, the last part of its key:
//
//   123456789012_vpcflowlogs_us-east-2_fl-0a1b2c3d4e5f60718_20240501T1005Z_1a2b3c4d.log.gz
//   account      fixed       region    flow-log id          slot, UTC      hash     .log .log.gz .log.parquet
//
// In one folder such names sort by account, region, flow-log id and slot, in this order.
// Source: VPC User Guide, Publish flow logs to Amazon S3, Flow log files.

export interface FlowLogName {
  readonly account: string
  readonly region: string
  readonly flowLogId: string
  /** Unix seconds. */
  readonly slot: number
  readonly format: 'text' | 'parquet'
}

const NAME =
  /^(\d{12})_vpcflowlogs_([a-z0-9-]+)_(fl-[0-9A-Za-z]+)_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_[^/]+\.log(|\.gz|\.parquet)$/

/** What the last part of the key says; null when it isn't the name of a flow log's object. */
export function parseFlowLogName(key: string): FlowLogName | null {
  const parts = NAME.exec(key.slice(key.lastIndexOf('/') + 1))
  if (parts === null) return null
  const [, account, region, flowLogId, year, month, day, hour, minute, ending] = parts
  const iso = `${year}-${month}-${day}T${hour}:${minute}:00.000Z`
  const millis = Date.parse(iso)
  // Date.parse takes a 30th of February for the 1st of March, and 24:00 for the next day.
  if (Number.isNaN(millis) || new Date(millis).toISOString() !== iso) return null
  return {
    account: account!,
    region: region!,
    flowLogId: flowLogId!,
    slot: millis / 1000,
    format: ending === '.parquet' ? 'parquet' : 'text',
  }
}

/** Which objects are looked for. */
export interface SlotQuery {
  /** Unix seconds, both inclusive. */
  readonly firstSlot: number
  readonly lastSlot: number
  /** Empty: all. */
  readonly flowLogIds: readonly string[]
}

export function isWanted(name: FlowLogName, query: SlotQuery): boolean {
  const { firstSlot, lastSlot, flowLogIds } = query
  if (name.slot < firstSlot || name.slot > lastSlot) return false
  return flowLogIds.length === 0 || flowLogIds.includes(name.flowLogId)
}

/**
 * Where a list of a folder may go on after an object of that name without passing over a wanted one: names up to the
 * returned text are none. Null when the next name may be one already.
 */
export function skipFrom(name: FlowLogName, query: SlotQuery): string | null {
  const { firstSlot, lastSlot, flowLogIds } = query
  const region = `${name.account}_vpcflowlogs_${name.region}_`
  // Ids are compared with the '_' behind them, as the names are.
  const id = `${name.flowLogId}_`
  const wanted = flowLogIds.length === 0 || flowLogIds.includes(name.flowLogId)
  if (wanted && name.slot < firstSlot) return `${region}${id}${slotText(firstSlot)}`
  if (wanted && name.slot <= lastSlot) return null
  // A slot begins with a digit, and ':' follows the digits.
  if (flowLogIds.length === 0) return `${region}${id}:`
  const next = flowLogIds
    .map(wantedId => `${wantedId}_`)
    .filter(wantedId => wantedId > id)
    .sort()[0]
  // 'g' follows the 'fl-' of all ids.
  return next === undefined ? `${region}g` : `${region}${next}${slotText(firstSlot)}`
}

// The first slot from a time on as names spell it, to the minute: YYYYMMDDTHHmm.
function slotText(seconds: number): string {
  return new Date(Math.ceil(seconds / 60) * 60_000).toISOString().slice(0, 16).replaceAll(/[-:]/g, '')
}
