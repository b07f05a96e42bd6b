// NestJS on Express, or on Fastify with ADAPTER=fastify: `tsc -p examples/nestjs && PORT=3000 node main.js`
import 'reflect-metadata'
import type { IncomingMessage } from 'node:http'
import { Body, Controller, Get, HttpCode, Module, Post, Req, Res, UnauthorizedException } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { Countersign } from 'countersign'
import { toNodeListener, wellKnown, wellKnownPaths } from 'countersign/http'
import type { HttpUser } from 'countersign/http'
import { OwnRequests, SecondFactor, SecondFactorModule, SecondFactorService, SecondFactorUser } from 'countersign/http/nestjs'
import { createSessions } from 'countersign/http/session'
import { directoryStore, memorySessions } from 'countersign/stores'
import { accountById, checkPassword, setEnrolled } from './accounts.mjs'

const port = Number(process.env['PORT'] ?? 3000)
const rp = { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] }
const countersign = await Countersign.open({
  rp,
  store: directoryStore(process.env['VAR_DIR'] ?? 'var/examples', { create: true }),
})

const sessions = createSessions(countersign, {
  store: memorySessions(), // with more than one process: postgresSessions(pool) or redisSessions(client)
  account: accountById,
  onEnrolled: setEnrolled,
  required: (user) => user.admin === true,
})

interface Credentials {
  name?: unknown
  password?: unknown
}

@Controller()
class SignInController {
  constructor(private readonly secondFactor: SecondFactorService) {}

  @OwnRequests()
  @Post('password')
  @HttpCode(204)
  async password(@Req() request: object, @Res({ passthrough: true }) response: object, @Body() body: Credentials | null) {
    const account = await checkPassword(body?.name, body?.password)
    if (!account) throw new UnauthorizedException()
    await this.secondFactor.signIn(request, response, account.id)
  }

  @OwnRequests()
  @Post('sign-out')
  @HttpCode(204)
  async signOut(@Req() request: object, @Res({ passthrough: true }) response: object) {
    await this.secondFactor.signOut(request, response)
  }
}

@SecondFactor()
@Controller()
class OrdersController {
  @Get('orders')
  orders(@SecondFactorUser() user: HttpUser) {
    return [{ id: 1, of: user.name }]
  }

  @OwnRequests()
  @SecondFactor({ within: 300 })
  @Post('refunds')
  @HttpCode(200)
  refund() {
    return { refunded: 1 }
  }
}

// Browsers and password managers look here for the page where passkeys are managed.
const passkeyPages = toNodeListener(wellKnown({ rp, manage: `${rp.origins[0]}/account` }))

@Controller()
class WellKnownController {
  @Get([...wellKnownPaths])
  pages(@Req() request: IncomingMessage, @Res() response: object) {
    return passkeyPages(request, response)
  }
}

@Module({ imports: [SecondFactorModule.forRoot({ sessions })], controllers: [SignInController, OrdersController, WellKnownController] })
class AppModule {}

const adapter = process.env['ADAPTER'] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter()
const app = await NestFactory.create(AppModule, adapter, { logger: ['error', 'warn'] })
await app.listen(port, 'localhost')
console.log(`http://localhost:${port}`)
