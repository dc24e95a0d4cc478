"""Who is asking, and what their permission set lets them see and change."""

from dataclasses import dataclass, replace

from sandbox.salesforce.errors import SfError, no_such_column
from sandbox.salesforce.schema import Field, PermissionSet, Schema, SObject

# rights on these follow from their master object
MASTER = {"OrderItem": "Order", "PricebookEntry": "Pricebook2"}
# every user of an org may look at these
PUBLIC = ("User", "Organization")


@dataclass(frozen=True)
class User:
    """`grants` None = an administrator or the platform itself, who may everything.

    Field permissions are checked on custom fields; standard fields count as granted by the user's profile.
    """

    id: str
    grants: PermissionSet | None = None

    def may(self, letter: str, sobject: str) -> bool:
        if self.grants is None or (letter == "R" and sobject in PUBLIC):
            return True
        return letter in self.grants.objects.get(MASTER.get(sobject, sobject), "")

    def sees(self, sobject: str, field: Field) -> bool:
        if self.grants is None or not field.custom or field.required:
            return True
        return f"{sobject}.{field.name}" in self.grants.readable

    def sets(self, sobject: str, field: Field) -> bool:
        if self.grants is None or not field.custom or field.required:
            return True
        return f"{sobject}.{field.name}" in self.grants.editable

    def visible(self, sobject: SObject, name: str) -> Field:
        """The field of that name. Raises INVALID_FIELD for one that is hidden or absent."""
        field = sobject.field(name)
        if field is None or not self.sees(sobject.name, field):
            raise no_such_column(name, sobject.name)
        return field

    def require(self, letter: str, sobject: SObject) -> None:
        """Raises when the right is missing; an object that cannot be read looks as if it were not there."""
        if not self.may("R", sobject.name):
            raise SfError("NOT_FOUND", "The requested resource does not exist", status=404)
        if not self.may(letter, sobject.name):
            raise SfError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", status=403)


def visible(schema: Schema, user: User) -> Schema:
    """The schema as this user's calls see it: what is hidden does not exist."""
    objects = {
        name: replace(each, fields={at: field for at, field in each.fields.items() if user.sees(name, field)})
        for name, each in schema.objects.items()
        if user.may("R", name)
    }
    return replace(schema, objects=objects)
