"""Random lives of an order, its service and its invoice in the sandbox's WHMCS, step by step beside a small model of them."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.sandbox.whmcs_calls import Whmcs
from tests.support.sandbox import Running

PRICE = Decimal(500)
MODULE = {"ModuleCreate": ({"Pending", "Cancelled", "Terminated"}, "Active"), "ModuleSuspend": ({"Active"}, "Suspended")} | {
    "ModuleUnsuspend": ({"Suspended"}, "Active"),
    "ModuleTerminate": ({"Active", "Suspended"}, "Terminated"),
}
amounts = st.integers(1, 700)


class Lives(RuleBasedStateMachine):
    """One client with one order of a product whose module runs on command only."""

    whmcs: Whmcs
    pid: int
    born = 0

    @initialize()
    def order(self) -> None:
        Lives.born += 1
        self.client = self.whmcs.client(f"life-{Lives.born}@example.com")
        added = self.whmcs.order(self.client, **{"pid[0]": str(self.pid)})
        self.order_id, self.service_id, self.invoice_id = added["orderid"], added["serviceids"], added["invoiceid"]
        self.status, self.service, self.invoice = "Pending", "Pending", "Unpaid"
        self.paid, self.applied, self.credit = Decimal(0), Decimal(0), Decimal(0)

    def tell(self, action: str, allowed: bool, **sent: Any) -> None:
        answer = self.whmcs.ask(action, **sent)
        assert answer["result"] == ("success" if allowed else "error"), (action, sent, answer, vars(self))

    @property
    def balance(self) -> Decimal:
        return PRICE - self.applied - self.paid

    @rule()
    def accept(self) -> None:
        allowed = self.status == "Pending"
        self.tell("AcceptOrder", allowed, orderid=self.order_id)
        self.status = "Active" if allowed else self.status

    @rule()
    def back_to_pending(self) -> None:
        self.tell("PendingOrder", True, orderid=self.order_id)
        self.status = self.service = "Pending"

    @rule(action=st.sampled_from([("CancelOrder", "Cancelled"), ("FraudOrder", "Fraud")]))
    def end(self, action: tuple[str, str]) -> None:
        allowed = action[0] == "FraudOrder" or self.status == "Pending"
        self.tell(action[0], allowed, orderid=self.order_id)
        if allowed:
            self.status = self.service = action[1]
            self.invoice = "Cancelled" if self.invoice == "Unpaid" else self.invoice

    @rule(action=st.sampled_from([*MODULE]))
    def run_module(self, action: str) -> None:
        before, after = MODULE[action]
        allowed = self.service in before
        self.tell(action, allowed, serviceid=self.service_id)
        self.service = after if allowed else self.service

    @rule(status=st.sampled_from(["Pending", "Active", "Suspended", "Terminated", "Cancelled"]))
    def write_status(self, status: str) -> None:
        self.tell("UpdateClientProduct", True, serviceid=self.service_id, status=status)
        self.service = status

    @rule(amount=amounts)
    def pay(self, amount: int) -> None:
        allowed = self.invoice != "Cancelled"
        self.tell("AddInvoicePayment", allowed, invoiceid=self.invoice_id, amount=amount, transid="", gateway="stripe")
        if allowed:
            owed = self.balance if self.invoice != "Paid" else Decimal(0)
            self.credit += max(amount - owed, Decimal(0))
            self.paid += amount
            self.invoice = "Paid" if amount >= owed else self.invoice

    @rule(amount=amounts)
    def give_credit(self, amount: int) -> None:
        self.tell("AddCredit", True, clientid=self.client, amount=amount, description="Gift")
        self.credit += amount

    @rule(amount=amounts)
    def apply_credit(self, amount: int) -> None:
        allowed = self.invoice == "Unpaid" and amount <= self.credit and amount <= self.balance
        self.tell("ApplyCredit", allowed, invoiceid=self.invoice_id, amount=amount)
        if allowed:
            self.credit -= amount
            self.applied += amount
            self.invoice = "Paid" if self.balance <= 0 else self.invoice

    @rule()
    def capture_without_a_card(self) -> None:
        self.tell("CapturePayment", False, invoiceid=self.invoice_id)

    @rule()
    def delete_when_it_is_not_over(self) -> None:
        if self.status not in ("Cancelled", "Fraud"):
            self.tell("DeleteOrder", False, orderid=self.order_id)

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        (order,) = self.whmcs.ask("GetOrders", id=self.order_id)["orders"]["order"]
        (line,) = order["lineitems"]["lineitem"]
        invoice = self.whmcs.ask("GetInvoice", invoiceid=self.invoice_id)
        assert (order["status"], line["status"]) == (self.status, self.service)
        assert (invoice["status"], order["paymentstatus"]) == (self.invoice, self.invoice)
        assert (Decimal(invoice["balance"]), Decimal(invoice["credit"])) == (self.balance, self.applied)
        assert Decimal(self.whmcs.ask("GetClientsDetails", clientid=self.client)["credit"]) == self.credit
        assert (invoice["datepaid"] > "1") == (self.invoice == "Paid")


def test_it_lives_as_the_model_says(sandbox: Running) -> None:
    Lives.whmcs = Whmcs(sandbox.info)
    sent = {"name": "Cloud", "gid": "3", "type": "server", "paytype": "recurring", "module": "autorelease"}
    Lives.pid = Lives.whmcs.ask("AddProduct", **sent, **{"pricing[1][monthly]": str(PRICE)})["pid"]
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Lives, settings=settings(max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=checks)
    )
