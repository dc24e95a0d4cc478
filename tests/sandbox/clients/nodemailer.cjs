// Mails sent by nodemailer: `node nodemailer.cjs '{"smtp_host": …}'` prints what the server said as one JSON object.
const nodemailer = require("nodemailer");

const FILE = { filename: "名前.txt", content: "secret paper" };

function server(mail, more) {
  return { host: mail.smtp_host, port: mail.smtp_port, tls: { servername: "localhost" }, ...more };
}

async function journey(mail) {
  const seen = {};
  const auth = { user: mail.username, pass: mail.password };
  const letter = { from: "Portal <noreply@portal.example>", to: "node@example.com", subject: "ご注文 🎉", text: "Hello", html: "<p>Hello</p>" };

  const plain = nodemailer.createTransport(server(mail, { ignoreTLS: true }));
  seen.plain = (await plain.sendMail({ ...letter, attachments: [FILE] })).response;
  const secure = nodemailer.createTransport(server(mail, { requireTLS: true, auth, authMethod: "LOGIN" }));
  seen.verified = await secure.verify();
  seen.secure = (await secure.sendMail({ ...letter, to: "tls@example.com" })).accepted;
  const pool = nodemailer.createTransport(server(mail, { pool: true, maxConnections: 2, requireTLS: true, auth }));
  const sent = await Promise.all(Array.from({ length: 8 }, (_, at) => pool.sendMail({ ...letter, to: `pool${at}@example.com` })));
  seen.pool = sent.filter((each) => each.response.startsWith("250")).length;
  pool.close();
  const stranger = nodemailer.createTransport(server(mail, { auth: { user: "x", pass: "y" } }));
  seen.stranger = await stranger.sendMail(letter).catch((error) => [error.code, error.responseCode]);
  seen.utf8 = (await plain.sendMail({ ...letter, to: "愛子@example.com" })).accepted;
  return seen;
}

journey(JSON.parse(process.argv[2])).then(
  (seen) => console.log(JSON.stringify(seen)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
