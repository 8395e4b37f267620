// The order of keys: by their UTF-8 bytes, as S3 lists them. JavaScript compares UTF-16 units, which puts the
// characters above U+FFFF (surrogates, 0xd800 to 0xdfff) before those from U+E000 on; UTF-8 puts them after.

/** Negative when `a` sorts before `b`, 0 when they are the same key. */
export function compareKeys(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let at = 0; at < shorter; at++) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
