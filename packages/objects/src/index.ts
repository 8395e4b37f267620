export { ContentError, type ContentProblem } from './content-error.ts'
export {
  findFlowLogObjects,
  type FlowLogObject,
  type FlowLogQuery,
  type FoundFlowLogs,
} from './find-flow-log-objects.ts'
export { parseFlowLogName, type FlowLogName, type SlotQuery } from './flow-log-name.ts'
export { hourPartition, listClusters } from './hour-partition.ts'
export { compareKeys } from './key-order.ts'
export { openLocation, type LocationOptions } from './location.ts'
export { readBytes } from './read-bytes.ts'
export { readPart } from './read-part.ts'
export { readLines, type LineOptions } from './read-lines.ts'
export { StoreError, type StoreProblem } from './store-error.ts'
export type {
  BytePart,
  CallOptions,
  ListEntry,
  ListOptions,
  ListPage,
  Location,
  ObjectStore,
  ReadOptions,
  StoredObject,
  WriteBody,
  WriteOptions,
} from './store.ts'
