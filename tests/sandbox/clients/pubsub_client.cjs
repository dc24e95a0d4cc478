// The ready-made client for Node, salesforce-pubsub-api-client, as its own README uses it.
// Its avro-js is held at 1.12.1 by package.json: 1.12.2 asks for a package that it does not name.
// `node pubsub_client.cjs '{"pubsub_endpoint": …}'` prints what it saw as one JSON object.
const fs = require("fs");
const crypto = require("crypto");
const PubSubApiClient = require("salesforce-pubsub-api-client").default;

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

// waits until `wanted` says what it has heard is enough
function heard(start, wanted) {
  return new Promise((done) => {
    const calls = [];
    start((info, kind, data) => (calls.push([kind, data]), wanted(kind, calls) && done(calls)));
  });
}

async function connected(org, config) {
  // it trusts the authorities it brings along and no other; for tests it has this switch
  const client = new PubSubApiClient({ pubSubEndpoint: org.pubsub_endpoint, rejectUnauthorizedSsl: false, ...config }, QUIET);
  await client.connect();
  return client;
}

const payload = (key) => ({ CreatedDate: Date.now(), CreatedById: "005000000000001AAA", OrderId__c: null, IdemKey__c: { string: key } });

async function journey(org) {
  const seen = {};
  const byPassword = { authType: "username-password", loginUrl: org.login_url, username: org.username, password: org.password };
  const privateKey = fs.readFileSync(org.private_key_file);
  const byKey = { authType: "oauth-jwt-bearer", loginUrl: org.login_url, clientId: org.client_id, username: org.username, privateKey };
  const client = await connected(org, byKey);
  const other = await connected(org, byPassword);

  const one = await client.publish(org.topic, payload("one"), "mine");
  seen.published = [typeof one.replayId, one.correlationKey];
  const batch = ["two", "three"].map((key) => ({ id: crypto.randomUUID(), payload: payload(key) }));
  const pressed = await heard((call) => client.publishBatch(org.topic, batch, call), (kind, calls) => calls.length === 2);
  seen.batch = pressed.map(([kind, data]) => [kind, kind === "publishResponse" ? data.results.length : Object.keys(data).sort()]);

  const whole = (kind, calls) => kind === "event" && calls.at(-1)[1].id === batch[1].id;
  const all = await heard((call) => other.subscribeFromEarliestEvent(org.topic, call), whole);
  const events = all.filter(([kind]) => kind === "event").map(([, data]) => data).slice(-3);
  seen.events = events.map((each) => each.payload.IdemKey__c);
  seen.ids = events.map((each) => each.id).join() === ["mine", ...batch.map((each) => each.id)].join();

  const again = await heard((call) => client.subscribeFromReplayId(org.topic, call, 3, events[0].replayId), (kind) => kind === "grpcKeepAlive");
  seen.again = again.map(([kind, data]) => (kind === "event" ? data.payload.IdemKey__c : kind));

  const refused = await heard((call) => other.subscribe("/event/Nothing__e", call, 1), (kind) => kind === "grpcStatus");
  const status = refused.find(([kind]) => kind === "grpcStatus")[1];
  seen.refused = [status.code, status.metadata.get("error-code")[0]];
  const wrong = await connected(org, { authType: "user-supplied", accessToken: "00DSB0000000001!no", instanceUrl: org.instance_url });
  const failed = await wrong.publish(org.topic, payload("no")).catch((error) => error.cause);
  seen.failed = [failed.code, failed.metadata.get("error-code")[0]];
  [client, other, wrong].forEach((each) => each.close());
  return seen;
}

journey(JSON.parse(process.argv[2])).then(
  // its streams hold the process open
  (seen) => process.stdout.write(JSON.stringify(seen), () => process.exit(0)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
