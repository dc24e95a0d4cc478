// A journey of jsforce through the org: `node jsforce.cjs '{"login_url": …}'` prints what it saw as one JSON object.
const jsforce = require("jsforce");

async function journey(org) {
  const seen = {};
  const conn = new jsforce.Connection({ loginUrl: org.login_url, version: "59.0" });
  const who = await conn.login(org.username, org.password);
  seen.login = { user: who.id, org: who.organizationId };
  seen.identity = await conn.identity();

  const token = new jsforce.Connection({ instanceUrl: conn.instanceUrl, accessToken: conn.accessToken, version: "63.0" });
  seen.versions = (await token.request("/services/data")).length;
  seen.global = (await token.describeGlobal()).sobjects.map((each) => each.name);
  seen.describe = (await token.describe("Order")).fields.filter((each) => each.externalId).map((each) => each.name);

  const key = "jsforce-" + process.hrtime.bigint();
  const made = await token.sobject("Case").create({ Subject: "one", Portal_Idem_Key__c: key });
  seen.created = made.success;
  seen.read = (await token.sobject("Case").retrieve(made.id)).Subject;
  seen.updated = (await token.sobject("Case").update({ Id: made.id, Subject: "two" })).success;
  seen.upserted = await token.sobject("Case").upsert({ Portal_Idem_Key__c: key, Subject: "three" }, "Portal_Idem_Key__c");
  const subjects = Array.from({ length: 201 }, (_, at) => `${key} ${at}`);
  const many = await token.sobject("Case").create(subjects.map((Subject) => ({ Subject })), { allowRecursive: true });
  seen.many = many.filter((each) => each.success).length;
  seen.several = (await token.sobject("Case").retrieve(many.slice(0, 3).map((each) => each.id))).map((each) => each.Subject);
  const changed = await token.sobject("Case").update(many.slice(0, 2).map((each) => ({ Id: each.id, Priority: "High" })));
  seen.changed = changed.map((each) => each.success);

  const soql = `SELECT Id, Subject FROM Case WHERE Subject LIKE '${key}%' ORDER BY Id`;
  const first = await token.query(soql, { autoFetch: false, headers: { "Sforce-Query-Options": "batchSize=200" } });
  const rest = await token.queryMore(first.nextRecordsUrl);
  seen.pages = [first.totalSize, first.records.length, first.done, rest.records.length, rest.done];
  seen.found = await token.sobject("Case").find({ Subject: { $like: `${key} 1_` } }, "Id").execute().then((rows) => rows.length);
  seen.counted = await token.sobject("Case").count({ Subject: { $like: `${key}%` } });
  seen.destroyed = (await token.sobject("Case").destroy(many.map((each) => each.id), { allowRecursive: true })).every((each) => each.success);
  seen.gone = (await token.query(soql)).totalSize;
  seen.bin = (await token.query(soql, { scanAll: true })).totalSize;
  seen.refusal = await token.query("SELECT Nope FROM Case").catch((error) => [error.errorCode, error.name]);
  seen.limit = token.limitInfo.apiUsage.limit;
  await conn.logout();
  seen.after = await token.query("SELECT Id FROM Case LIMIT 1").catch((error) => error.errorCode);
  return seen;
}

journey(JSON.parse(process.argv[2])).then(
  (seen) => console.log(JSON.stringify(seen)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
