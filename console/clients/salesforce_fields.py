"""Every Salesforce object and field that the code names, and the SOQL that is built from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ORDER = (
    "Id", "OrderNumber", "AccountId", "Status", "Activation_Status__c", "Provisioning_Status__c", "Portal_Idem_Key__c", "LastModifiedDate",
)  # fmt: skip
LINE = ("Id", "Quantity", "UnitPrice", "Billing_Cycle__c", "ConfigOptions_JSON__c")
LINE_PRODUCT = (
    "StockKeepingUnit", "ProductCode", "Name", "Product2Categories1__c", "Item_Class__c", "Billing_Cycle__c", "WHMCS_Product_Id__c",
    "Mobile_Plan_Id__c",
)  # fmt: skip
ENTRY = ("Id", "Pricebook2Id", "UnitPrice")
PRODUCT = (
    "Id", "StockKeepingUnit", "ProductCode", "Name", "Description", "Product2Categories1__c", "Item_Class__c", "Billing_Cycle__c",
    "Portal_Accessible__c", "Portal_Auto_Add__c", "Valid_From__c", "Valid_Until__c", "Catalog_Order__c", "Portal_ConfigOptions_JSON__c",
    "Portal_Labels_JSON__c", "WHMCS_Product_Id__c", "Mobile_Plan_Id__c", "Mobile_Addon_Id__c", "Internet_Plan_Tier__c",
    "Internet_Offering_Type__c", "SIM_Data_Size__c", "SIM_Plan_Type__c", "SIM_Has_Family_Discount__c", "VPN_Region__c",
    "Setup_Guide_URL__c",
)  # fmt: skip
ACCOUNT = ("Id", "SF_Account_No__c", "Email__c", "Internet_Eligibility__c", "SIM_Eligible__c", "VPN_Eligible__c")

_ORDER_WRITTEN = (
    "EffectiveDate", "Pricebook2Id", "Portal_Link_Unverified__c", "Portal_Case_Number__c", "Provisioning_Error_Code__c",
    "Provisioning_Error_Message__c", "WHMCS_Order_ID__c", "WHMCS_Invoice_ID__c", "ESIM_ICCID__c", "Attempt_Count__c",
    "Last_Provisioning_At__c",
)  # fmt: skip

FIELDS: Mapping[str, tuple[str, ...]] = {
    "Order": ORDER + _ORDER_WRITTEN,
    "OrderItem": (*LINE, "OrderId", "PricebookEntryId", "Portal_Line_Key__c", "WHMCS_Service_ID__c", "ESIM_ICCID__c"),
    "Product2": (*PRODUCT, "IsActive", "Portal_Catalog__c"),
    "Pricebook2": ("Id", "Name", "IsActive"),
    "PricebookEntry": (*ENTRY, "IsActive", "Product2Id"),
    "Account": ACCOUNT,
    "Case": ("Id", "CaseNumber", "Subject", "Description", "AccountId", "Origin", "Portal_Idem_Key__c"),
    "OrderProvisionRequested__e": ("OrderId__c", "IdemKey__c"),
}


def _columns(*groups: Iterable[str]) -> str:
    return ", ".join(column for group in groups for column in group)


def _of(parent: str, fields: Iterable[str]) -> list[str]:
    return [f"{parent}.{field}" for field in fields]


READ_ORDER = (
    f"SELECT {_columns(ORDER)}, (SELECT {_columns(LINE, _of('PricebookEntry.Product2', LINE_PRODUCT))} FROM OrderItems)"  # noqa: S608
    " FROM Order WHERE Id = {}"
)
ORDER_BY_KEY = "SELECT Id, OrderNumber, AccountId, Status, Portal_Idem_Key__c FROM Order WHERE Portal_Idem_Key__c = {}"
ACCOUNT_BY_NUMBER = f"SELECT {_columns(ACCOUNT)} FROM Account WHERE SF_Account_No__c = {{}}"  # noqa: S608
ACCOUNT_BY_ID = f"SELECT {_columns(ACCOUNT)} FROM Account WHERE Id = {{}}"  # noqa: S608
CASE_BY_KEY = "SELECT CaseNumber FROM Case WHERE Portal_Idem_Key__c = {}"
CATALOGUE = (
    f"SELECT {_columns(ENTRY, _of('Product2', PRODUCT))} FROM PricebookEntry"  # noqa: S608
    " WHERE IsActive = true AND Pricebook2.Name = {} AND Pricebook2.IsActive = true"
    " AND Product2.IsActive = true AND Product2.Portal_Catalog__c = true"
)
LISTED = "SELECT StockKeepingUnit, ProductCode, Name FROM Product2 WHERE IsActive = true AND Portal_Catalog__c = true"
ACTIVATING = (
    "SELECT Id, Portal_Idem_Key__c FROM Order WHERE Activation_Status__c = 'Activating' AND LastModifiedDate < {}"
    " ORDER BY LastModifiedDate LIMIT {}"
)
STATUSES = "SELECT Id, Status FROM Order WHERE Id IN {}"
