// Compiles the scan kernel and writes it as a module that holds its bytes, so that the package needs no file at run
// time. CI runs it and fails where the outcome differs from what is committed.

import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const here = fileURLToPath(new URL('.', import.meta.url))

const { error } = await main(
  [
    'scan.ts',
    '--outFile',
    'scan.wasm',
    '-O3',
    '--noAssert',
    '--converge',
    '--runtime',
    'stub',
    '--enable',
    'simd',
    '--importMemory',
    '--noExportMemory',
  ],
  {
    readFile: name => readFile(new URL(name, import.meta.url), 'utf8').catch(() => null),
    writeFile: async (_name, contents) => {
      const base64 = Buffer.from(contents).toString('base64')
      await writeFile(
        `${here}../src/generated/scan-kernel.ts`,
        `// Written by kernel/build.ts from kernel/scan.ts (pnpm --filter @zonetoll/flowlog kernel); not to be edited.\nexport const SCAN_KERNEL =\n  '${base64}'\n`,
      )
    },
    listFiles: () => [],
  },
)
if (error !== null) {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
