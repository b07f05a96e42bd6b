import { requireSecondFactor } from '../../lib/second-factor.js'

export default async function Orders() {
  const user = await requireSecondFactor()
  return <h1>Orders of {user.name}</h1>
}
