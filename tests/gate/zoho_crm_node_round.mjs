// Runs in the environment of npm @zohocrm/nodejs-sdk-8.0, never in ours: one round, unpatched. Prints JSON.
// Called by test_node_clients.py with the urls file, the client's folder and a fresh resource folder.
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [, , urlsFile, folder, resources] = process.argv
const entry = path.join(folder, 'node_modules', '@zohocrm', 'nodejs-sdk-8.0', 'lib', 'index.js')
const ZOHO = await import(pathToFileURL(entry))
const urls = JSON.parse(readFileSync(urlsFile)).zoho.us
const { Record } = ZOHO
const seen = {}
let sessions = 0

async function signIn(fill) {
  const place = path.join(resources, String(sessions++))
  mkdirSync(place)
  const environment = ZOHO.USDataCenter.setEnvironment(urls.api_domain, `${urls.accounts}/oauth/v2/token`, urls.api_domain)
  const token = fill(new ZOHO.OAuthBuilder().clientId(urls.client_id).clientSecret(urls.client_secret).redirectURL(urls.redirect_uri))
    .findUser(false).build()
  const logger = new ZOHO.LogBuilder().level(ZOHO.Levels.ERROR).filePath(path.join(place, 'sdk.log')).build()
  const config = new ZOHO.SDKConfigBuilder().autoRefreshFields(false).pickListValidation(false).build()
  await (await new ZOHO.InitializeBuilder()).environment(environment).token(token).logger(logger).SDKConfig(config)
    .store(new ZOHO.FileStore(path.join(place, 'tokens.txt'))).resourcePath(place).initialize()
}

function record(fields) {
  const made = new Record.Record()
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'id') made.setId(value)
    else made.addKeyValue(name, value)
  }
  return made
}

function body(...records) {
  const wrapper = new Record.BodyWrapper()
  wrapper.setData(records)
  return wrapper
}

async function params(...pairs) {
  const filled = new ZOHO.ParameterMap()
  for (const [parameter, value] of pairs) await filled.add(parameter, value)
  return filled
}

function rows(response) {
  const results = response.getObject().getData().map((each) => {
    const id = each.getDetails().get('id')
    return [each.getStatus().getValue(), each.getCode().getValue(), id === undefined ? null : String(id)]
  })
  return [response.getStatusCode(), ...results]
}

const short = (answer) => answer.map((each) => (Array.isArray(each) ? each.slice(0, 2) : each))

async function records() {
  const accounts = new Record.RecordOperations('Accounts')
  const contacts = new Record.RecordOperations('Contacts')
  const account = rows(await accounts.createRecords(body(record({ Account_Name: 'Node & Sons' }))))
  seen.account = short(account)
  const linked = record({ id: BigInt(account[1][2]) })
  const wanted = [0, 1, 2].map((n) => record({ First_Name: 'Ines', Last_Name: `Node ${n}`, Email: `n${n}@node.example`, Account_Name: linked }))
  const made = rows(await contacts.createRecords(body(...wanted)))
  seen.created = short(made)
  const ids = made.slice(1).map((each) => BigInt(each[2]))

  const { GetRecordsParam, SearchRecordsParam } = Record
  const fields = [GetRecordsParam.FIELDS, 'Last_Name,Email,Account_Name']
  const page = (await contacts.getRecords(await params(fields, [GetRecordsParam.PER_PAGE, 2]))).getObject()
  const next = page.getInfo().getNextPageToken()
  const rest = (await contacts.getRecords(await params(fields, [GetRecordsParam.PER_PAGE, 2], [GetRecordsParam.PAGE_TOKEN, next]))).getObject()
  seen.paged = [page.getInfo().getMoreRecords(), rest.getInfo().getMoreRecords(), page.getData().length, rest.getData().length]
  const one = (await contacts.getRecord(ids[0])).getObject().getData()[0]
  seen.one = [one.getKeyValue('Full_Name'), one.getKeyValue('Account_Name').getKeyValue('name')]
  seen.nothing = (await contacts.getRecord(4150868000000999999n)).getStatusCode()

  const upsert = body(record({ Last_Name: 'Upserted', Email: 'N0@node.example' }), record({ Last_Name: 'x'.repeat(200), Email: 'new@node.example' }))
  upsert.setDuplicateCheckFields(['Email'])
  const upserted = rows(await contacts.upsertRecords(upsert))
  seen.upsert = [...short(upserted), upserted[1][2] === String(ids[0])]
  seen.updated = short(rows(await contacts.updateRecord(ids[0], body(record({ Title: 'Head of rounds' })))))
  const found = (await contacts.searchRecords(await params([SearchRecordsParam.EMAIL, 'n1@node.example']))).getObject()
  seen.search = found.getData().map((each) => each.getKeyValue('Last_Name'))
  seen.missing = short(rows(await contacts.createRecords(body(record({ Title: 'x' })))))
  seen.deleted = short(rows(await contacts.deleteRecord(ids[2])))
  const binned = (await contacts.getDeletedRecords(await params([Record.GetDeletedRecordsParam.TYPE, 'recycle']))).getObject()
  seen.bin = binned.getData().map((each) => each.getDisplayName())
}

async function coql() {
  const query = new ZOHO.Coql.BodyWrapper()
  query.setSelectQuery("select Last_Name, Email from Contacts where Email = 'n1@node.example' limit 0, 2")
  const found = (await new ZOHO.Coql.CoqlOperations().getRecords(query)).getObject()
  seen.coql = found.getData().map((each) => each.getKeyValue('Last_Name'))
}

await signIn((builder) => builder.refreshToken(urls.refresh_token))
await records()
await coql()
await signIn((builder) => builder.accessToken('1000.nothing.nothing'))
const refused = await new ZOHO.Org.OrgOperations().getOrganization()
seen.badToken = [refused.getStatusCode(), refused.getObject().getCode().getValue()]
process.stdout.write(JSON.stringify(seen))
