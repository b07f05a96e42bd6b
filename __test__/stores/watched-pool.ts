import { Pool } from 'pg'

import { postgresUrl } from './engines.js'

/** A pool that shows every statement, and every error. Calls share its statements, as those of any pool. */
export class WatchedPool extends Pool {
  readonly asked: [sql: string, values: unknown[]][] = []
  readonly failed: unknown[] = []

  constructor() {
    super({ connectionString: postgresUrl })
  }

  override async query(...given: any[]): Promise<any> {
    const [sql, values = []] = given as [string, unknown[]?]
    this.asked.push([sql, values])
    try {
      return await super.query(sql, values)
    } catch (error) {
      this.failed.push(error)
      throw error
    }
  }
}
