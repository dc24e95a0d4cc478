// A journey of whmcs-js through the API: `node whmcs.cjs '{"url": …}'` prints what it saw as one JSON object.
const { Billing, Clients, Modules, Orders, Products, Services, System } = require("whmcs-js");

async function journey(whmcs) {
  const config = { serverUrl: `${whmcs.url}/includes/api.php`, identifier: whmcs.identifier, secret: whmcs.secret };
  const [billing, clients, modules, orders, products, services, system] =
    [Billing, Clients, Modules, Orders, Products, Services, System].map((Part) => new Part(config));
  const seen = {};
  const email = `node-${process.hrtime.bigint()}@example.com`;
  const person = {
    firstname: "Jane", lastname: "Doe", email, address1: "1 Road", city: "Town", state: "Tokyo", postcode: "150-0001", country: "JP",
    phonenumber: "0312345678", password2: "a long secret",
  };
  const { clientid } = await clients.addClient(person);
  seen.repeated = (await clients.addClient(person)).message;
  seen.client = (await clients.getClientsDetails({ clientid })).client.email === email;
  seen.updated = (await clients.updateClient({ clientid, city: "Kobe" })).result;
  seen.contact = typeof (await clients.addContact({ clientid, firstname: "Ken" })).contactid;
  seen.contacts = (await clients.getContacts({ userid: clientid })).contacts.contact.map((row) => row.firstname);

  const made = { name: "Cloud", gid: 3, type: "server", paytype: "onetime", module: "autorelease", "pricing[1][monthly]": 500 };
  const { pid } = await products.addProduct(made);
  const order = await orders.addOrder({ clientid, paymentmethod: "banktransfer", "pid[0]": pid, "domain[0]": "js.example" });
  seen.accepted = (await orders.acceptOrder({ orderid: order.orderid })).result;
  seen.created = (await services.moduleCreate({ serviceid: order.serviceids })).result;
  seen.service = (await clients.getClientsProducts({ clientid })).products.product.map((row) => [row.domain, row.status]);
  seen.orders = (await orders.getOrders({ userid: clientid })).orders.order.map((row) => row.status);
  seen.statuses = (await orders.getOrderStatuses({})).statuses.status.map((row) => row.title);

  const { invoiceid } = order;
  await billing.addCredit({ clientid, description: "Gift", amount: 200 });
  seen.applied = (await billing.applyCredit({ invoiceid, amount: 200 })).invoicepaid;
  seen.paid = (await billing.addInvoicePayment({ invoiceid, transid: email, gateway: "banktransfer", date: "2026-11-22" })).result;
  const invoice = await billing.getInvoice({ invoiceid });
  seen.invoice = [invoice.status, invoice.credit, invoice.total, invoice.balance];
  seen.transactions = (await billing.getTransactions({ transid: email })).transactions.transaction.map((row) => row.amountin);
  seen.credits = (await billing.getCredits({ clientid })).credits.credit.map((row) => row.amount);
  const billed = await billing.createInvoice({ userid: clientid, itemdescription1: "Top-up", itemamount1: 400, draft: true });
  seen.published = (await billing.updateInvoice({ invoiceid: billed.invoiceid, publish: true })).result;
  seen.invoices = (await billing.getInvoices({ userid: clientid, orderby: "id", order: "asc" })).invoices.invoice.map((row) => row.status);

  seen.mails = (await clients.getEmails({ clientid, subject: "Welcome" })).emails.email.length;
  seen.logged = (await system.logActivity({ clientid, description: email })).result;
  seen.activity = (await system.getActivityLog({ description: email })).totalresults;
  seen.admin = (await system.getAdminDetails({})).whmcs.version;
  seen.currencies = (await system.getCurrencies({})).currencies.currency.map((row) => row.code);
  seen.refused = (await system.setConfigurationValue({ setting: "CompanyName", value: "x" })).message;
  seen.queue = (await modules.getModuleQueue({})).message;
  seen.deleted = (await clients.deleteClient({ clientid })).result;
  return seen;
}

journey(JSON.parse(process.argv[2])).then((seen) => console.log(JSON.stringify(seen)));
