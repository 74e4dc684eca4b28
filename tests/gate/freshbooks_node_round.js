// Runs in the environment of npm @freshbooks/api, never in ours: one round, unpatched. Prints JSON.
// Called by test_node_clients.py with the urls file and the client's folder as arguments.
const { readFileSync } = require('node:fs')
const path = require('node:path')

const [, , urlsFile, folder] = process.argv
const module_ = path.join(folder, 'node_modules', '@freshbooks', 'api')
const { Client } = require(module_)
const { SearchQueryBuilder, PaginationQueryBuilder, SortQueryBuilder, IncludesQueryBuilder } = require(
  path.join(module_, 'dist', 'models', 'builders'),
)
const urls = JSON.parse(readFileSync(urlsFile)).freshbooks
const account = urls.account_id
const silent = { error() {}, warn() {}, info() {}, debug() {}, verbose() {}, silly() {} }
const seen = {}

function client(more) {
  const options = { apiUrl: urls.api, retryOptions: { retries: 0 }, ...more }
  return new Client(urls.client_id, options, silent)
}

async function refused(call) {
  try {
    await call()
  } catch (error) {
    return [String(error.statusCode), error.errors ? error.errors.map((each) => each.errorCode ?? null) : null]
  }
  return null
}

async function tokens() {
  const fb = client({ clientSecret: urls.client_secret, redirectUri: urls.redirect_uri })
  const first = await fb.refreshAccessToken(urls.refresh_token)
  const answer = first.data ?? first
  seen.rotated = answer.refreshToken !== urls.refresh_token && Boolean(answer.refreshToken)
  seen.spent = await refused(() => client({ clientSecret: urls.client_secret, redirectUri: urls.redirect_uri })
    .refreshAccessToken(urls.refresh_token))
  const signedIn = client({ accessToken: answer.accessToken })
  const me = await signedIn.users.me()
  seen.me = me.data.businessMemberships.map((each) => each.business.accountId)
  seen.badToken = (await refused(() => client({ accessToken: 'nothing' }).clients.list(account)))[0]
  return signedIn
}

async function clients(fb) {
  const made = []
  for (const n of [0, 1, 2]) {
    made.push((await fb.clients.create({ organization: `Node ${n}`, email: `n${n}@x.example` }, account)).data)
  }
  const search = new SearchQueryBuilder().like('organization_like', 'Node')
  const page = (await fb.clients.list(account, [search, new PaginationQueryBuilder().page(1).perPage(2)])).data
  seen.page = [page.clients.length, page.pages.total, page.pages.pages]
  const found = (await fb.clients.list(account, [new SearchQueryBuilder().equals('email', 'n1@x.example')])).data
  seen.byEmail = found.clients.map((each) => each.organization)
  const sorted = (await fb.clients.list(account, [search, new SortQueryBuilder().asc('organization_name')])).data
  seen.sorted = sorted.clients.map((each) => each.organization)
  seen.updated = (await fb.clients.update({ note: 'seen' }, account, String(made[0].id))).data.note
  seen.updatedAt = Math.abs(Date.now() - new Date((await fb.clients.single(account, String(made[0].id))).data.updated))
  seen.deleted = (await fb.clients.delete(account, String(made[2].id))).data.visState
  seen.unknown = await refused(() => fb.clients.single(account, '1'))
  return made[0]
}

async function money(fb, buyer) {
  const line = { name: 'Photo', qty: 2, unitCost: { amount: 21, code: 'USD' } }
  const body = { customerId: String(buyer.id), createDate: new Date('2099-03-05T12:00:00Z'), lines: [line] }
  const invoice = (await fb.invoices.create(body, account, [new IncludesQueryBuilder().includes('lines')])).data
  seen.invoice = [Number(invoice.amount.amount), invoice.v3Status, invoice.lines.length]
  const id = String(invoice.id)
  const changed = (await fb.invoices.update(account, id, { notes: 'thanks', lines: [line, line] })).data
  seen.invoiceChanged = [Number(changed.amount.amount), changed.notes]
  const paid = { invoiceId: id, amount: { amount: 84, code: 'USD' }, date: new Date('2026-03-05T12:00:00Z'), type: 'Cash' }
  const payment = (await fb.payments.create(account, paid)).data
  seen.payment = Number(payment.amount.amount)
  seen.invoicePaid = (await fb.invoices.single(account, id)).data.paymentStatus
  await fb.payments.delete(account, String(payment.id))
  seen.invoiceUnpaid = (await fb.invoices.single(account, id)).data.paymentStatus
  seen.invoiceRefused = await refused(() => fb.invoices.create({ createDate: new Date() }, account))
  seen.invoiceDeleted = (await fb.invoices.delete(account, id)).data.visState
  seen.items = (await fb.items.create(account, { name: 'Node item', unitCost: { amount: 5, code: 'USD' } })).data.name
}

async function main() {
  const fb = await tokens()
  const buyer = await clients(fb)
  await money(fb, buyer)
  // Its known fault: the body is wrapped in `credit_notes`, so FreshBooks sees no field of it (models/CreditNote.js).
  seen.creditNote = await refused(() => fb.creditNotes.create({ clientId: String(buyer.id), createDate: new Date(), lines: [] }, account))
  process.stdout.write(JSON.stringify(seen))
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n${JSON.stringify(error)}\n`)
  process.exit(1)
})
