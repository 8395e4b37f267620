export { NONE } from './address-table.ts'
export {
  AssignmentLineError,
  parseAssignmentLine,
  type AssignmentLine,
  type InterfaceLine,
  type NodeLine,
  type PodLine,
  type SubnetLine,
  type ZoneLine,
} from './assignment-line.ts'
export { BlockIndex, type IdentifiedBlock } from './block-index.ts'
export { parseCidr, type Cidr } from './cidr.ts'
export { formatAssignmentLine } from './format-assignment-line.ts'
export { LatestSightings } from './latest-sightings.ts'
export { Timeline, type TimelineEndpoint, type TimelineOptions } from './timeline.ts'
export { TimelineIndex, type TimelineColumns } from './timeline-index.ts'
