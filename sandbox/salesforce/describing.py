"""describe: what the org tells a client about its objects and their fields, as its user sees and may change them."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from sandbox.salesforce.access import User
from sandbox.salesforce.calls import Answer, Call
from sandbox.salesforce.schema import Field, Schema, SObject

Told = dict[str, Any]
# the metadata is read at the start, and stays
READ_AT = datetime.now(UTC).replace(microsecond=0)
SOAP = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "double": "xsd:double", "currency": "xsd:double",
    "percent": "xsd:double", "int": "xsd:int", "date": "xsd:date", "datetime": "xsd:dateTime",
}  # fmt: skip
TEXTS = ("string", "email", "phone", "url", "picklist", "textarea")
NEVER = (
    "autoNumber", "dependentPicklist", "deprecatedAndHidden", "displayLocationInDecimal", "encrypted", "formulaTreatNullNumberAsZero",
    "highScaleNumber", "htmlFormatted", "polymorphicForeignKey", "queryByDistance", "searchPrefilterable", "writeRequiresMasterRead",
    "aiPredictionField",
)  # fmt: skip
NOTHING = (
    "calculatedFormula", "compoundFieldName", "controllerName", "defaultValueFormula", "extraTypeInfo", "filteredLookupInfo",
    "inlineHelpText", "mask", "maskType", "referenceTargetField", "relationshipOrder",
)  # fmt: skip
LONG_TEXT = 255


def conditional(asked: Call, made: Callable[[], Told]) -> Answer:
    """304 for a client that has what did not change since."""
    stamp = {"Last-Modified": format_datetime(READ_AT, usegmt=True)}
    try:
        known = parsedate_to_datetime(asked.headers.get("if-modified-since", ""))
    except ValueError:
        return Answer(200, made(), stamp)
    return Answer(304, None, stamp) if known.timestamp() >= READ_AT.timestamp() else Answer(200, made(), stamp)


def everything(schema: Schema, user: User, base: str) -> Told:
    """GET sobjects."""
    found = [brief(each, user, base) for _, each in sorted(schema.objects.items())]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": found}


def brief(sobject: SObject, user: User, base: str) -> Told:
    """The properties of an object that the list of all objects has too."""
    root = f"{base}/sobjects/{sobject.name}"
    yes = ("layoutable", "mruEnabled", "queryable", "replicateable", "retrieveable", "searchable", "triggerable")
    no = ("customSetting", "deepCloneable", "deprecatedAndHidden", "feedEnabled", "hasSubtypes", "isInterface", "isSubtype", "mergeable")
    return {
        "activateable": False, "associateEntityType": None, "associateParentEntity": None, "createable": user.may("C", sobject.name),
        "custom": sobject.custom, "deletable": user.may("D", sobject.name), "undeletable": user.may("D", sobject.name),
        "updateable": user.may("E", sobject.name), "extendedBy": None, "extendsInterfaces": None, "implementedBy": None,
        "implementsInterfaces": None, "keyPrefix": sobject.prefix, "label": sobject.label, "labelPlural": sobject.plural,
        "name": sobject.name, **dict.fromkeys(yes, True), **dict.fromkeys(no, False),
        "urls": {"sobject": root, "describe": f"{root}/describe", "rowTemplate": f"{root}/{{ID}}"},
    }  # fmt: skip


def full(sobject: SObject, schema: Schema, user: User, base: str) -> Told:
    """GET sobjects/<Object>/describe."""
    return {
        **brief(sobject, user, base), "actionOverrides": [], "childRelationships": _children(sobject, schema), "compactLayoutable": True,
        "defaultImplementation": None, "fields": [described(sobject, each, user) for each in sobject.fields.values()],
        "listviewable": None, "lookupLayoutable": None, "namedLayoutInfos": [], "networkScopeFieldName": None, "recordTypeInfos": [],
        "searchLayoutable": True, "sobjectDescribeOption": "FULL", "supportedScopes": [{"label": "All", "name": "everything"}],
    }  # fmt: skip


def _children(sobject: SObject, schema: Schema) -> list[Told]:
    named = {(child.object, child.field): name for name, child in sobject.children.items()}
    return [
        {
            "cascadeDelete": field.required and not field.updateable, "childSObject": each.name, "deprecatedAndHidden": False,
            "field": field.name, "junctionIdListNames": [], "junctionReferenceTo": [], "restrictedDelete": False,
            "relationshipName": named.get((each.name, field.name)),
        }
        for each in schema.objects.values() for field in each.fields.values() if field.reference_to == sobject.name
    ]  # fmt: skip


def described(sobject: SObject, field: Field, user: User) -> Told:
    sets = user.sets(sobject.name, field)
    return {
        **_kind(field), **_marks(field), "createable": field.createable and sets, "updateable": field.updateable and sets,
        "defaultValue": field.default if field.type == "boolean" else None, "name": field.name, "label": field.label or field.name,
        "nameField": field.name == {"Order": "OrderNumber", "OrderItem": "OrderItemNumber", "Case": "CaseNumber"}.get(sobject.name, "Name"),
        "picklistValues": [_choice(field, value) for value in field.values],
        "referenceTo": [field.reference_to] if field.reference_to else [], "relationshipName": field.relationship or None,
        **dict.fromkeys(NEVER, False), **dict.fromkeys(NOTHING),
    }  # fmt: skip


def _kind(field: Field) -> Told:
    return {
        "type": field.type, "soapType": SOAP.get(field.type, "xsd:string"), "length": field.length, "digits": 0,
        "byteLength": field.length * (1 if field.type in SOAP else 3), "precision": field.precision, "scale": field.scale,
    }  # fmt: skip


def _marks(field: Field) -> Told:
    long = field.type == "textarea" and field.length > LONG_TEXT
    optional = not field.required and field.type not in ("boolean", "id")
    return {
        "aggregatable": not long and field.type != "boolean", "calculated": field.calculated, "cascadeDelete": False,
        "caseSensitive": field.case_sensitive, "custom": field.custom, "defaultedOnCreate": field.default is not None,
        "externalId": field.external_id, "filterable": not long, "groupable": not long and field.type in (*TEXTS, "reference", "date"),
        "idLookup": field.external_id or field.type == "id", "namePointing": False, "nillable": optional, "permissionable": field.custom,
        "restrictedDelete": False, "restrictedPicklist": field.restricted, "sortable": not long, "unique": field.unique,
    }  # fmt: skip


def _choice(field: Field, value: str) -> Told:
    return {"active": True, "defaultValue": value == field.default, "label": value, "validFor": None, "value": value}
