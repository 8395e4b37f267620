import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { UsageError } from '@zonetoll/command'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { kubeConfigAccess } from '../src/kube-config-access.ts'
import { getDocument } from '../src/kube-request.ts'

let folder: string
const before = { ...process.env }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zonetoll-kubeconfig-'))
  process.env['HOME'] = folder
  delete process.env['KUBECONFIG']
})
afterEach(() => {
  process.env = { ...before }
  rmSync(folder, { recursive: true })
})

function writeConfig(cluster: object, user: object, name = 'shop'): void {
  const path = join(folder, 'config')
  writeFileSync(
    path,
    JSON.stringify({
      clusters: [{ name, cluster }],
      users: [{ name: 'me', user }],
      contexts: [{ name: 'here', context: { cluster: name, user: 'me' } }],
      'current-context': 'here',
    }),
  )
  process.env['KUBECONFIG'] = path
}

function silent(): void {}

function hasOpenssl(): boolean {
  return spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0
}

describe('access by kubeconfig', () => {
  it('sends the token of the file', async () => {
    writeConfig({ server: 'https://10.0.0.1:6443/base/' }, { token: 'secret' })
    const access = await kubeConfigAccess({ warn: silent })
    expect(access.server.href).toBe('https://10.0.0.1:6443/base')
    expect(access.clusterName).toBe('shop')
    const authorization = await access.authorize()
    expect(authorization.headers['Authorization']).toBe('Bearer secret')
    expect((await access.authorize()).agent).toBe(authorization.agent)
  })

  it('names an EKS cluster by the end of its ARN', async () => {
    writeConfig({ server: 'https://10.0.0.1' }, {}, 'arn:aws:eks:us-east-2:111122223333:cluster/prod')
    expect((await kubeConfigAccess({ warn: silent })).clusterName).toBe('prod')
  })

  it('runs an exec plug-in, and runs it again when its credentials are renewed', async () => {
    const plugin = join(folder, 'plugin')
    const counter = join(folder, 'count')
    const answer =
      '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"run-%s"}}'
    writeFileSync(
      plugin,
      `#!/bin/sh\necho x >> ${counter}\nprintf '${answer}' "$(wc -l < ${counter} | tr -d ' ')"\n`,
    )
    chmodSync(plugin, 0o755)
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' }
    writeConfig({ server: 'https://10.0.0.1' }, { exec })
    const access = await kubeConfigAccess({ warn: silent })
    expect((await access.authorize()).headers['Authorization']).toBe('Bearer run-1')
    expect((await access.authorize()).headers['Authorization']).toBe('Bearer run-1')
    access.renew()
    expect((await access.authorize()).headers['Authorization']).toBe('Bearer run-2')
  })

  it('takes a token that was written into the file meanwhile when it renews', async () => {
    writeConfig({ server: 'https://10.0.0.1' }, { token: 'old' })
    const access = await kubeConfigAccess({ warn: silent })
    writeConfig({ server: 'https://10.0.0.1' }, { token: 'new' })
    access.renew()
    expect((await access.authorize()).headers['Authorization']).toBe('Bearer new')
  })

  it('keeps what it has when the file is half-written as it renews', async () => {
    const warnings: string[] = []
    writeConfig({ server: 'https://10.0.0.1' }, { token: 'old' })
    const access = await kubeConfigAccess({ warn: message => warnings.push(message) })
    writeFileSync(process.env['KUBECONFIG']!, '{"clusters": [')
    access.renew()
    expect((await access.authorize()).headers['Authorization']).toBe('Bearer old')
    expect(warnings).toHaveLength(1)
  })

  it('takes plain http and an unverified server on this machine only', async () => {
    const warnings: string[] = []
    const warn = (message: string) => warnings.push(message)
    writeConfig({ server: 'http://127.0.0.1:8001' }, {})
    const access = await kubeConfigAccess({ warn })
    expect((await access.authorize()).headers).toEqual({})
    expect(warnings).toEqual([])
    writeConfig({ server: 'https://localhost:6443', 'insecure-skip-tls-verify': true }, {})
    await kubeConfigAccess({ warn })
    expect(warnings).toHaveLength(1)
    writeConfig({ server: 'http://10.0.0.1:8001' }, {})
    await expect(kubeConfigAccess({ warn })).rejects.toThrow(
      /plain http: credentials aren't sent unencrypted/,
    )
    writeConfig({ server: 'https://10.0.0.1', 'insecure-skip-tls-verify': true }, {})
    await expect(kubeConfigAccess({ warn })).rejects.toThrow(
      /insecure-skip-tls-verify.*certificate-authority-data/,
    )
  })

  it.runIf(hasOpenssl())(
    'speaks to a server whose certificate its authority signed, and to no other',
    async () => {
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
      const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1']
      const made = [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ]
      execFileSync('openssl', [...made, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
      const server = createServer(
        { key: readFileSync(key), cert: readFileSync(cert) },
        (_request, response) => {
          response.end('{"kind":"List","metadata":{"resourceVersion":"1"},"items":[]}')
        },
      )
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
      const silence = { signal: new AbortController().signal, silenceMillis: 5_000 }
      writeConfig({ server: url, 'certificate-authority': cert }, { token: 'secret' })
      const known = await kubeConfigAccess({ warn: silent })
      expect(await getDocument(known, '/api/v1/pods', silence)).toMatchObject({ kind: 'List' })
      writeConfig({ server: url }, { token: 'secret' })
      const unknown = await kubeConfigAccess({ warn: silent })
      await expect(getDocument(unknown, '/api/v1/pods', silence)).rejects.toThrow(/self-signed certificate/)
      server.closeAllConnections()
      server.close()
    },
  )

  it('says what it has when the context is not there', async () => {
    writeConfig({ server: 'https://10.0.0.1' }, {})
    await expect(kubeConfigAccess({ context: 'there', warn: silent })).rejects.toThrow(
      'the kubeconfig has no context there; it has: here',
    )
  })

  it('says what to do when there is no kubeconfig, or one that is not there', async () => {
    const failure = await kubeConfigAccess({ warn: silent }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(UsageError)
    expect(String(failure)).toContain('--eks-cluster')
    process.env['KUBECONFIG'] = join(folder, 'missing')
    await expect(kubeConfigAccess({ warn: silent })).rejects.toThrow(/the kubeconfig can't be read: ENOENT/)
  })
})
