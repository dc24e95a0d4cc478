// Checks a webhook as receivers of Svix do: `node webhooks.cjs '{"secret", "headers", "body"}'` prints the event, or why it was refused.
const { Webhook } = require("standardwebhooks");

const { secret, headers, body } = JSON.parse(process.argv[2]);
const hook = new Webhook(secret);
const refused = (text) => {
  try {
    hook.verify(text, headers);
    return null;
  } catch (error) {
    return error.message;
  }
};

console.log(JSON.stringify({ event: hook.verify(body, headers), tampered: refused(body.replace("com.gigs", "com.gogs")) }));
