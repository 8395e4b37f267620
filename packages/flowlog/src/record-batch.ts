// A record batch: some hundred to a few thousand records as columns, valid during the call that hands it over.
//
// Row i of every column is record i. Only lines that are records are in it: malformed, SKIPDATA and NODATA lines
// are counted by the reader.
//
//   start         Float64  milliseconds; NaN where it can't be read (only on rows whose log-status isn't OK)
//   until         Float64  milliseconds, the window's exclusive end: end + 1 s; start + 1 ms where the format has no end
//   bytes         Uint64   0 .. 2^63 - 1; 0 where it can't be read
//   packets       Uint64   likewise
//   source        4 x Uint32  an IPv6 address's words; an IPv4 address is in the first word, the rest are stale
//   destination   4 x Uint32
//   instance      Int32    token code of instance-id, or NO_TOKEN, OTHER_TOKEN; NO_TOKEN on ingress and rejected rows
//   interface     Int32    likewise of interface-id, but a growing table's on all rows
//   zone          Int32    likewise of az-id
//   flags         Uint16   bits below

export const SOURCE_IPV6 = 1
export const DESTINATION_IPV6 = 2
/** The source address can't be read. */
export const SOURCE_UNREADABLE = 4
export const DESTINATION_UNREADABLE = 8
export const INGRESS = 16
export const REJECTED = 32
/** The format has interface-type. */
export const TYPED_INTERFACE = 64
/** interface-type isn't `-`: the logging interface is a gateway's, a firewall's or a load balancer's. */
export const MIDDLE_INTERFACE = 128

/** Bytes a row takes in all columns together. */
export const ROW_BYTES = 4 * 8 + 2 * 16 + 3 * 4 + 2

export class RecordBatch {
  readonly capacity: number
  count = 0
  readonly start: Float64Array
  readonly until: Float64Array
  readonly bytes: BigUint64Array
  readonly packets: BigUint64Array
  /** The same as bytes, as [low, high] words: reading a BigInt costs an allocation. */
  readonly byteWords: Uint32Array
  readonly packetWords: Uint32Array
  readonly source: Uint32Array
  readonly destination: Uint32Array
  readonly instance: Int32Array
  readonly interface: Int32Array
  readonly zone: Int32Array
  readonly flags: Uint16Array

  /** `rows` rows of columns one behind the other, at a multiple of 8 in the buffer; `capacity` of them are to be filled. */
  constructor(
    capacity: number,
    rows = capacity,
    buffer: ArrayBufferLike = new ArrayBuffer(rows * ROW_BYTES),
    at = 0,
  ) {
    this.capacity = capacity
    let next = at
    const column = (width: number) => {
      const here = next
      next += rows * width
      return here
    }
    this.start = new Float64Array(buffer, column(8), rows)
    this.until = new Float64Array(buffer, column(8), rows)
    this.bytes = new BigUint64Array(buffer, column(8), rows)
    this.packets = new BigUint64Array(buffer, column(8), rows)
    this.byteWords = new Uint32Array(buffer, this.bytes.byteOffset, rows * 2)
    this.packetWords = new Uint32Array(buffer, this.packets.byteOffset, rows * 2)
    this.source = new Uint32Array(buffer, column(16), rows * 4)
    this.destination = new Uint32Array(buffer, column(16), rows * 4)
    this.instance = new Int32Array(buffer, column(4), rows)
    this.interface = new Int32Array(buffer, column(4), rows)
    this.zone = new Int32Array(buffer, column(4), rows)
    this.flags = new Uint16Array(buffer, column(2), rows)
  }
}
