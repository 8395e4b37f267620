// How many bytes a record has: log-normal around its pair's mean, with a rare bulk transfer.
//
// The multipliers are drawn once into a table and picked from it by random index. exp() is summed here rather than
// taken from Math, whose last digit is the engine's choice: a byte count must be the same on any machine.

import { Random } from './random.ts'

const TABLE = 4096
const SIGMA = 1.2
// One record in so many is a backup, an image pull, a snapshot.
const BULK_ONE_IN = 16_384
const BULK_FACTOR = 4000

export class Sizes {
  readonly #multipliers = new Float64Array(TABLE)

  constructor(seed: number) {
    const random = Random.of(seed, 'sizes')
    let sum = 0
    for (let at = 0; at < TABLE; at++) {
      // Twelve uniforms less six: mean 0, variance 1.
      let normal = -6
      for (let draw = 0; draw < 12; draw++) normal += random.next() / 2 ** 32
      const multiplier = exp(SIGMA * normal)
      this.#multipliers[at] = multiplier
      sum += multiplier
    }
    for (let at = 0; at < TABLE; at++) this.#multipliers[at]! *= TABLE / sum
  }

  /** A byte count around `mean`, 40 at the least. */
  draw(mean: number, random: Random): number {
    const bytes = 40 + Math.floor(mean * this.#multipliers[random.next() >>> 20]!)
    return random.below(BULK_ONE_IN) === 0 ? bytes * BULK_FACTOR : bytes
  }
}

// The power series at x / 64, six times squared: x is at most 8 here.
function exp(x: number): number {
  const small = x / 64
  let term = 1
  let sum = 1
  for (let n = 1; n < 12; n++) {
    term *= small / n
    sum += term
  }
  for (let square = 0; square < 6; square++) sum *= sum
  return sum
}
