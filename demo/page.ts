import { readdir, readFile } from 'node:fs/promises'

const TYPES: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

export interface PageFile {
  type: string
  content: Buffer
}

/** Reads all files of the page once, at the start. No request can read another file. */
export async function pageFiles(): Promise<Map<string, PageFile>> {
  const page = await folder(new URL('demo/page/', import.meta.resolve('countersign/package.json')), '/')
  const browser = await folder(new URL('.', import.meta.resolve('countersign/browser')), '/modules/browser/')
  const files = new Map([...page, ...browser])
  const index = files.get('/index.html')
  if (index) files.set('/', index)
  return files
}

async function folder(directory: URL, prefix: string): Promise<[string, PageFile][]> {
  const names = (await readdir(directory, { recursive: true })).filter((name) => TYPES[extension(name)])
  const read = async (name: string): Promise<[string, PageFile]> => {
    const path = name.replaceAll('\\', '/')
    const content = await readFile(new URL(path, directory))
    return [prefix + path, { type: TYPES[extension(name)] ?? '', content }]
  }
  return Promise.all(names.map(read))
}

function extension(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
