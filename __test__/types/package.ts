// The entries that a program may name, and that there are no others. What they export is tested beside this file.
import type * as main from 'countersign'
import type * as browser from 'countersign/browser'
import type * as ui from 'countersign/browser/ui'
import type * as client from 'countersign/client'
import type * as http from 'countersign/http'
import type * as express from 'countersign/http/express'
import type * as expressSession from 'countersign/http/express-session'
import type * as fastify from 'countersign/http/fastify'
import type * as fastifySession from 'countersign/http/fastify-session'
import type * as hono from 'countersign/http/hono'
import type * as nestjs from 'countersign/http/nestjs'
import type * as next from 'countersign/http/next'
import type * as session from 'countersign/http/session'
import type * as migration from 'countersign/migration'
import type * as stores from 'countersign/stores'
import type * as testing from 'countersign/testing'
import type * as totp from 'countersign/totp'
import type * as webauthn from 'countersign/webauthn'
// @ts-expect-error the native addon is private
import type * as binding from 'countersign/binding'
// @ts-expect-error so are the files of the package
import type * as dist from 'countersign/dist/index.js'

export type Entries = [
  typeof main, typeof browser, typeof ui, typeof client, typeof http, typeof migration, typeof stores, typeof testing,
  typeof totp, typeof webauthn, typeof session, typeof expressSession, typeof fastifySession, typeof express, typeof fastify,
  typeof hono, typeof next, typeof nestjs, typeof binding, typeof dist,
]
