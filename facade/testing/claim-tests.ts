import type { Store } from '../stores/traits.js'
import { claim, claimed, parallel, rejection, same, storeTest, write } from './store-test.js'
import type { StoreTest } from './store-test.js'
import type { TestRecords } from './test-records.js'

/** Of the claims of records: each belongs to one user, also when many ask for it at once. */
export const claimTests = ({ of }: TestRecords): StoreTest[] => [
  storeTest('a claim leads to its user, until the claims or the record change', async (store, ids) => {
    const [ann, ben] = [ids.id(), ids.id()]
    const [one, two, three] = claims(ids.id()) as [string, string, string]
    await claim(store, ann, of(1), [one, two])
    await claim(store, ben, of(2), [three])
    same(await owners(store, one, two, three), [ann, ann, ben], 'owners')
    await write(store, ann, of(3))
    same(await owners(store, one, two), [ann, ann], 'owners after an update that says nothing of claims')
    await claim(store, ann, of(4), [two])
    same(await owners(store, one, two), [undefined, ann], 'owners after one was given up')
    await claim(store, ben, of(5), [one, three])
    await claim(store, ann, of(6), [])
    same(await owners(store, one, two, three), [ben, undefined, ben], 'owners after all were given up')
    await store.update(ben, () => ({ record: null, value: undefined }))
    same(await owners(store, one, three), [undefined, undefined], 'owners after the record is gone')
    await claim(store, ann, of(7), [one, two, three])
    same(await owners(store, one, two, three), [ann, ann, ann], 'owners of what is free again')
    await write(store, ben, of(8))
    same(await owners(store, one, three), [ann, ann], 'owners when the other one is back')
  }),

  storeTest("a claim that is another user's is refused, and nothing is written", async (store, ids) => {
    const [ann, ben, eve] = ids.ids(3) as [string, string, string]
    const [one, two, three] = claims(ids.id()) as [string, string, string]
    const [handle, other] = [ids.id(), ids.id()]
    await claim(store, ann, of(1), [one], handle)
    await claim(store, ben, of(2), [two], other)
    for (const user of [ben, eve]) {
      const error = await rejection(() => claim(store, user, of(3), [three, one, two]))
      same((error as { code?: unknown }).code, 'claim-taken', 'the code of the error')
    }
    same(await Promise.all([ann, ben, eve].map((user) => store.read(user))), [of(1), of(2), undefined], 'records')
    same(await owners(store, one, two, three), [ann, ben, undefined], 'owners')
    same(await owners(store, handle, other), [ann, ben], 'owners of handles')
    await claim(store, eve, of(4), [three])
    await claim(store, ann, of(5), [one], handle)
    same(await owners(store, one, three, handle), [ann, eve, ann], 'owners after they claim what is theirs')
  }),

  storeTest('a claim may be the handle too', async (store, ids) => {
    const [ann, ben, handle] = [ids.id(), ids.id(), `${ids.id()}_-`]
    await claim(store, ann, of(1), [handle], handle)
    same(await store.owner(handle), ann, 'owner')
    same(((await rejection(() => claim(store, ben, of(2), [handle]))) as { code?: unknown }).code, 'claim-taken', 'code')
    await claim(store, ann, of(3), [], handle)
    same(await store.owner(handle), ann, 'owner of the handle alone')
    await claim(store, ann, of(4), [handle])
    same(await store.owner(handle), ann, 'owner of the claim alone')
    await claim(store, ann, of(5), [])
    same(await store.owner(handle), undefined, 'owner of neither')
  }),

  storeTest("a claim that is another user's handle is refused, also if that record has no claims", async (store, ids) => {
    const [ann, ben, eve] = ids.ids(3) as [string, string, string]
    const [handle, own] = [`${ids.id()}_-`, claims(ids.id())[0] as string]
    await write(store, ann, of(1), handle)
    await claim(store, ben, of(2), [own])
    for (const user of [ben, eve]) {
      const error = await rejection(() => claim(store, user, of(3), [own, handle]))
      same((error as { code?: unknown }).code, 'claim-taken', 'the code of the error')
    }
    same(await Promise.all([ann, ben, eve].map((user) => store.read(user))), [of(1), of(2), undefined], 'records')
    same(await owners(store, handle, own), [ann, ben], 'owners')
    await claim(store, ann, of(4), [handle], handle)
    await claim(store, ann, of(5), [])
    await claim(store, ben, of(6), [own, handle])
    same(await owners(store, handle, own), [ben, ben], 'owners after the handle was given up')
  }),

  storeTest('of 12 users who claim one text at once exactly one gets it', async (store, ids) => {
    for (let round = 0; round < 5; round += 1) {
      const users = ids.ids(12)
      const [wanted, own] = claims(ids.id()) as [string, string]
      const mine = (index: number) => `${own}_${index}`
      // Some have a record before, some begin with this one.
      await parallel(6, (index) => claim(store, users[index] as string, of(0), [mine(index)]))
      const made = await claimed(users.map((user, index) => claim(store, user, of(1), [mine(index), wanted])))
      same(made, 1, 'changes made')
      const records = await Promise.all(users.map((user) => store.read(user)))
      same(records.filter((record) => record === of(1)).length, 1, 'records written')
      same(records.indexOf(of(1)), users.indexOf((await store.owner(wanted)) ?? ''), 'the owner')
    }
  }),

  storeTest('claims that are given up and taken at once are never two users\'', async (store, ids) => {
    const users = ids.ids(4)
    const wanted = claims(ids.id()).slice(0, 2)
    for (let round = 0; round < 6; round += 1) {
      // Who has it lets it go, and all ask for it in other orders.
      await Promise.allSettled(
        users.flatMap((user, index) => {
          const mine = index % 2 === 0 ? wanted : wanted.toReversed()
          return [claim(store, user, of(round), []), claim(store, user, of(round), mine)]
        }),
      )
      const held = await owners(store, ...wanted)
      await claimed(users.map((user) => claim(store, user, of(round), wanted)))
      const after = await owners(store, ...wanted)
      same(new Set(after).size, 1, 'owners of claims that are taken together')
      if (held[0] !== undefined) same(after, held, 'owners stay while others ask')
      await Promise.all(users.map((user) => claim(store, user, of(round), [])))
      same(await owners(store, ...wanted), [undefined, undefined], 'owners when all have let go')
    }
  }),
]

/** Texts of the form that claims have, made of an id that no other test has. */
function claims(id: string): string[] {
  return ['a', 'A', '_-'].map((end) => `claim:${id}${end}`)
}

function owners(store: Store, ...texts: string[]): Promise<(string | undefined)[]> {
  return Promise.all(texts.map((text) => store.owner(text)))
}
