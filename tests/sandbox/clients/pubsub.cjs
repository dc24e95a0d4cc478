// Pub/Sub with what a Node developer takes for any gRPC service: grpc-js, Salesforce's public proto file and avsc.
// `node pubsub.cjs '{"pubsub_endpoint": …}'` prints what it saw as one JSON object.
const fs = require("fs");
const path = require("path");
const avsc = require("avsc");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const PROTO = path.join(path.dirname(require.resolve("salesforce-pubsub-api-client")), "..", "pubsub_api.proto");
const { PubSub } = grpc.loadPackageDefinition(loader.loadSync(PROTO, { keepCase: true, enums: String, longs: Number, defaults: true })).eventbus.v1;

async function login(org) {
  const body = new URLSearchParams({ grant_type: "password", client_id: org.client_id, username: org.username, password: org.password });
  return (await fetch(`${org.login_url}/services/oauth2/token`, { method: "POST", body })).json();
}

function connect(org, headers) {
  const metadata = new grpc.Metadata();
  Object.entries(headers).forEach(([name, value]) => metadata.set(name, value));
  const call = grpc.credentials.createFromMetadataGenerator((_, done) => done(null, metadata));
  const tls = grpc.credentials.createSsl(fs.readFileSync(org.ca_file));
  return new PubSub(org.pubsub_endpoint, grpc.credentials.combineChannelCredentials(tls, call));
}

const ask = (client, rpc, request) => new Promise((good, bad) => client[rpc](request, (error, answer) => (error ? bad(error) : good(answer))));
const told = (error) => ({ code: error.code, details: error.details, metadata: error.metadata.getMap() });
const refused = (client, rpc, request) => ask(client, rpc, request).then(() => "answered", told);

// every answer of a stream, and how it ended
function gathered(stream, onAnswer = () => {}) {
  const answers = [];
  return new Promise((done) => {
    stream.on("data", (answer) => (answers.push(answer), onAnswer(answer)));
    stream.on("error", () => {});
    stream.on("status", (status) => done({ answers, end: told(status) }));
  });
}

function ended(stream, ...requests) {
  const all = gathered(stream);
  requests.forEach((request) => stream.write(request));
  return all.then(({ end }) => end);
}

async function subscribed(client, topic, type, replay_id, count) {
  const stream = client.Subscribe();
  const events = [];
  const pending = [];
  const all = gathered(stream, (answer) => {
    events.push(...answer.events);
    pending.push(answer.pending_num_requested);
    if (events.length === count) stream.end();
    else if (answer.pending_num_requested === 0) stream.write({ num_requested: 2 });
  });
  stream.write({ topic_name: topic, replay_preset: "CUSTOM", replay_id, num_requested: 2 });
  const { end } = await all;
  const records = events.map((each) => type.fromBuffer(each.event.payload));
  return { ids: events.map((each) => each.event.id), keys: records.map((each) => each.IdemKey__c), pending, code: end.code };
}

async function journey(org) {
  const session = await login(org);
  const headers = { accesstoken: session.access_token, instanceurl: session.instance_url, tenantid: org.org_id };
  const client = connect(org, headers);
  const seen = {};
  seen.topic = await ask(client, "GetTopic", { topic_name: org.topic });
  const schema_id = seen.topic.schema_id;
  const type = avsc.Type.forSchema(JSON.parse((await ask(client, "GetSchema", { schema_id })).schema_json));
  seen.fields = type.fields.map((each) => each.name);
  const event = (id, IdemKey__c) => {
    const record = { CreatedDate: Date.now(), CreatedById: "005000000000001AAA", OrderId__c: null, IdemKey__c };
    return { id, schema_id, payload: type.toBuffer(record) };
  };

  const before = await ask(client, "Publish", { topic_name: org.topic, events: [event("n0", "zero")] });
  const bad = { id: "bad", schema_id, payload: Buffer.from([255]) };
  const published = await ask(client, "Publish", { topic_name: org.topic, events: [event("n1", "一"), bad, event("n2", "two")] });
  seen.results = published.results.map((each) => [each.correlation_key, each.replay_id.length, each.error ? each.error.code : null]);
  const stream = client.PublishStream();
  const streamed = gathered(stream);
  stream.write({ topic_name: org.topic, events: [event("n3", "three")] });
  stream.write({ events: [event("n4", "four"), event("n5", "five")] });
  stream.end();
  const { answers, end } = await streamed;
  seen.streamed = { ids: answers.map((answer) => answer.results.map((each) => each.correlation_key)), code: end.code };
  seen.subscribed = await subscribed(client, org.topic, type, before.results[0].replay_id, 5);

  const first = { topic_name: org.topic, num_requested: 1 };
  const stranger = connect(org, { ...headers, accesstoken: "00D!nobody" });
  seen.errors = {
    stranger: await refused(stranger, "GetTopic", { topic_name: org.topic }),
    topic: await refused(client, "GetTopic", { topic_name: "/event/Nothing__e" }),
    schema: await refused(client, "GetSchema", {}),
    count: await ended(client.Subscribe(), { ...first, num_requested: 0 }),
    other: await ended(client.Subscribe(), first, { topic_name: "/event/Other__e", num_requested: 1 }),
    replay: await ended(client.Subscribe(), { ...first, replay_preset: "CUSTOM", replay_id: Buffer.from("abc") }),
    mismatch: await ended(client.PublishStream(), { topic_name: org.topic, events: [event("n6", "six")] }, { topic_name: "/event/Other__e" }),
    large: await refused(client, "Publish", { topic_name: org.topic, events: [{ id: "x", schema_id, payload: Buffer.alloc(5 << 20) }] }),
    managed: await ended(client.ManagedSubscribe(), { developer_name: "Mine", num_requested: 1 }),
  };
  client.close();
  stranger.close();
  return seen;
}

journey(JSON.parse(process.argv[2])).then(
  (seen) => console.log(JSON.stringify(seen)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
