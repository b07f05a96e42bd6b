// A process of its own that answers many times at once, when it is told to.
import { Countersign } from '../../../index.js'
import { fileStore } from '../../helpers/file-stores.js'
import { rp } from '../../helpers/service.js'

const [path = '', user = '', code = '', now = '', times = ''] = process.argv.slice(2)
const service = await Countersign.open({ rp, store: fileStore(path).open(), now: () => Number(now) })

process.once('message', () => {
  const answers = Array.from({ length: Number(times) }, () => service.verify(user, { type: 'totp', code }))
  void Promise.all(answers).then((outcomes) => {
    process.send?.(outcomes.filter(({ ok }) => ok).length)
    process.disconnect()
  })
})
process.send?.('ready')
