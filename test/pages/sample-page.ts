// The bundled sample's hour as a page, made as its users make it: pnpm start, then pnpm report.

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

export interface SamplePage {
  /** The page's file. */
  readonly path: string
  /** The folder it lies in, with the rollups. */
  readonly folder: string
  remove(): Promise<void>
}

export async function makeSamplePage(): Promise<SamplePage> {
  const folder = await mkdtemp(join(tmpdir(), 'zonetoll-page-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  const path = join(folder, 'report.html')
  const rollups = join(folder, 'rollups')
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('ZONETOLL_')),
  )
  const options = { cwd: ROOT, env }
  const hour = ['--hour', '2024-05-01T10', '--rollups', rollups]
  try {
    await run(process.execPath, ['apps/worker/src/main.ts', ...hour, '--quiet'], options)
    await run(process.execPath, ['apps/explore/src/report.ts', ...hour, '--out', path], options)
    return { path, folder, remove }
  } catch (error) {
    await remove()
    throw error
  }
}
