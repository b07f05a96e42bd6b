import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { ask, npm } from '../run.mjs'

/**
 * A registry on loopback that takes what is published to it, and sends whoever asks for another package to the registry that
 * this machine's npm uses. For trying packages before they are published: it asks for no password, and forgets everything.
 */
export async function startRegistry() {
  const [command, ...args] = npm()
  const upstream = (ask(command, [...args, 'config', 'get', 'registry']) ?? '').replace(/\/$/, '')
  const packages = new Map()
  const files = new Map()
  const server = createServer(async (request, response) => {
    try {
      await serve(request, response)
    } catch (error) {
      response.writeHead(502).end(JSON.stringify({ error: String(error) }))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}`

  async function serve(request, response) {
    const path = decodeURIComponent(new URL(request.url, url).pathname).slice(1)
    if (request.method === 'PUT') {
      publish(path, JSON.parse(await bodyOf(request)))
      return response.writeHead(201).end('{"ok":true}')
    }
    if (request.method !== 'GET') return response.writeHead(404).end('{}')
    if (files.has(path)) return response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(files.get(path))
    if (packages.has(path)) return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(packages.get(path)))
    // What isn't there yet is asked for before it is published.
    if (/countersign/.test(path)) return response.writeHead(404).end('{"error":"not found"}')
    return response.writeHead(302, { location: upstream + request.url }).end()
  }

  /** As `npm publish` sends it: the manifest, and the tarball in base64. */
  function publish(name, { versions, _attachments: attachments, 'dist-tags': tags }) {
    const known = packages.get(name) ?? { name, versions: {}, 'dist-tags': {}, time: {} }
    const [uploaded] = Object.values(attachments)
    const bytes = Buffer.from(uploaded.data, 'base64')
    for (const [version, manifest] of Object.entries(versions)) {
      const file = `${name}/-/${name.split('/').at(-1)}-${version}.tgz`
      files.set(file, bytes)
      const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
      known.versions[version] = { ...manifest, dist: { ...manifest.dist, integrity, tarball: `${url}/${file}` } }
      known.time[version] = new Date().toISOString()
    }
    packages.set(name, { ...known, 'dist-tags': { ...known['dist-tags'], ...tags } })
  }

  return {
    url,
    names: () => [...packages.keys()].sort(),
    close: () => new Promise((resolve) => {
      server.closeAllConnections()
      server.close(resolve)
    }),
  }
}

async function bodyOf(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}
